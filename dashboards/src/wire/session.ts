/** Who is signed in. */
import type { Schema } from './narrow';

export type Role = Schema['Role'];
export type Session = Schema['Session'];
