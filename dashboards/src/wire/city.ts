/** The city this desk looks at. Same words as the server's `wire/city.rs`. */
export interface City {
  name: string;
  tenant: string;
  center: [number, number];
  /** West, south, east, north. */
  bounds: [number, number, number, number];
  epoch: string | number;
  domains: { id: string; asset_count: number }[];
  timezone: string;
}
