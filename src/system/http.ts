/**
 * HTTP for those who ask by it. Not imported from node:http itself, for which Node would load its WebSocket and fetch as well: that
 * takes longer than the rest of a short command.
 */

export const { Agent, request } = process.getBuiltinModule("node:http");
