/** What the user asked of the lab can't be done; the message says why. */
export class LabProblem extends Error {}
