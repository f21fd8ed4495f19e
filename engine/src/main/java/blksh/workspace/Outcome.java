package blksh.workspace;

/** How a run ended, if it did. */
public enum Outcome {
  /** Still at work. */
  RUNNING,
  /** Done, nothing to report. */
  DONE,
  /** Done, with findings such as bad sectors. */
  FINDINGS,
  /** Ended by a failure. */
  FAILED,
  /** Stopped because somebody asked for it. */
  INTERRUPTED,
  /** Its process ended without saying how. */
  LOST
}
