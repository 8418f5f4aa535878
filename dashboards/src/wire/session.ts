/** Who is signed in. Same words as the server's `wire/session.rs`. */
export type Role = 'operator' | 'crew' | 'analyst' | 'admin' | 'sender';

export interface Session {
  user: string;
  name: string;
  role: Role;
  tenant: string;
  tenant_name: string;
  expires: string;
}
