/** Errors as RFC 9457 tells them: `type` is `urn:specola:problem:<slug>`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
}
