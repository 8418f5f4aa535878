/** Errors as RFC 9457 tells them: `type` is `urn:specola:problem:<slug>`. */
import type { Schema } from './narrow';

export type Problem = Schema['ProblemDocument'];
