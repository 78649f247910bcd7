/**
 * What whoever reaches a TCP listener gets without a token: files for a browser, and nothing of what the dispatcher knows. They get the
 * Content-Security-Policy of guard.ts, so all that they need comes from here, and no script or style stands in a page.
 */

import { Hono } from "hono";

export const ASSETS = new Hono();
