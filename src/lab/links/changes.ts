/** What a link does to its frames, as people write it: keys.ts says what each value may be and what it means. */

/** Of one direction. Times such as `20ms`, shares such as `1%`, rates such as `10mbit`; 0 for none of them. */
export interface DirectionChanges {
  /** How long a frame is on its way. */
  readonly delay?: string | number | undefined;
  /** How much longer or shorter than that, at most. */
  readonly jitter?: string | number | undefined;
  /** The share of the frames that are lost, */
  readonly loss?: string | number | undefined;
  /** that arrive twice, */
  readonly duplicate?: string | number | undefined;
  /** that the next one overtakes, */
  readonly reorder?: string | number | undefined;
  /** and of which one bit is flipped. */
  readonly corrupt?: string | number | undefined;
  /** Bits a second; 0 for no limit. */
  readonly rate?: string | number | undefined;
  /** How many frames may wait for their turn at the rate. */
  readonly queue?: number | undefined;
  /** Begins with frame 0, decided by this seed. */
  readonly seed?: number | undefined;
  /** Nothing gets through: always, or from one time to another, counted from the change. */
  readonly down?: boolean | readonly [from: string | number, until: string | number] | undefined;
}

/** Of both directions, or under `from`, by the end that sends, of one. */
export interface LinkChanges extends DirectionChanges {
  /** By `NODE:INTERFACE`: of what that end sends. */
  readonly from?: Readonly<Record<string, DirectionChanges>> | undefined;
}
