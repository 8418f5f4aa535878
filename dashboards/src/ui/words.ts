/** Words for what the server names by a key: domains, metrics, kinds. An unknown key is shown as it is, readable. */
import { m } from '../paraglide/messages.js';
import type { Alarm, AlarmState, Priority, Words } from '../wire/alarm';
import type { Lifecycle } from '../wire/asset';
import { prefs } from './prefs.svelte';

type Word = () => string;

const DOMAINS: Record<string, Word> = {
  lighting: m.domain_lighting,
  streetlight: m.domain_lighting,
  unassigned: m.domain_unassigned,
  streetlights: m.domain_lighting,
  water: m.domain_water,
  structure: m.domain_structure,
  structures: m.domain_structure,
  structural: m.domain_structure,
  air: m.domain_air,
  environment: m.domain_environment,
  weather: m.domain_weather,
  camera: m.domain_camera,
  cameras: m.domain_camera,
  video: m.domain_camera,
  traffic: m.domain_traffic,
};

const METRICS: Record<string, Word> = {
  power: m.metric_power,
  power_w: m.metric_power,
  voltage: m.metric_voltage,
  current: m.metric_current,
  energy: m.metric_energy,
  lamp_hours: m.metric_lamp_hours,
  dimming: m.metric_dimming,
  pressure: m.metric_pressure,
  flow: m.metric_flow,
  turbidity: m.metric_turbidity,
  chlorine: m.metric_chlorine,
  ph: m.metric_ph,
  level: m.metric_level,
  crack_width: m.metric_crack,
  door_open: m.metric_door,
  fill: m.metric_fill,
  focus: m.metric_focus,
  frame_id: m.metric_frame,
  irradiance: m.metric_irradiance,
  lamp_on: m.metric_lamp_on,
  laeq: m.metric_laeq,
  lmax: m.metric_lmax,
  people: m.metric_people,
  power_factor: m.metric_power_factor,
  running: m.metric_running,
  scene_change: m.metric_scene,
  status: m.metric_status,
  uptime: m.metric_uptime,
  burn_hours: m.metric_lamp_hours,
  watts: m.metric_power,
  accel_rms: m.metric_accel,
  acceleration: m.metric_accel,
  vibration: m.metric_vibration,
  tilt: m.metric_tilt,
  tilt_x: m.metric_tilt_x,
  tilt_y: m.metric_tilt_y,
  frequency: m.metric_frequency,
  temperature: m.metric_temperature,
  temp: m.metric_temperature,
  humidity: m.metric_humidity,
  wind: m.metric_wind,
  wind_speed: m.metric_wind,
  rain: m.metric_rain,
  pm10: m.metric_pm10,
  pm25: m.metric_pm25,
  no2: m.metric_no2,
  o3: m.metric_o3,
  fps: m.metric_fps,
  frame_rate: m.metric_fps,
  bitrate: m.metric_bitrate,
  online: m.metric_online,
  _online: m.metric_online,
  _rssi: m.metric_rssi,
  _snr: m.metric_snr,
  _f_cnt: m.metric_frames,
  _longitude: m.metric_longitude,
  _latitude: m.metric_latitude,
  _altitude: m.metric_altitude,
  vehicles: m.metric_vehicles,
  speed: m.metric_speed,
  battery: m.metric_battery,
  rssi: m.metric_rssi,
};

const CLASSES: Record<string, Word> = {
  accelerometer: m.class_accelerometer,
  'air-station': m.class_air_station,
  bridge: m.class_bridge,
  cabinet: m.class_cabinet,
  camera: m.class_camera,
  circuit: m.class_circuit,
  'crack-gauge': m.class_crack,
  'crack-meter': m.class_crack,
  device: m.class_device,
  district: m.class_district,
  'flow-meter': m.class_flow_meter,
  gateway: m.class_gateway,
  junction: m.class_junction,
  lamp: m.class_lamp,
  'noise-meter': m.class_noise,
  'pressure-sensor': m.class_pressure,
  pump: m.class_pump,
  'quality-probe': m.class_quality,
  school: m.class_school,
  tank: m.class_tank,
  'tilt-meter': m.class_tilt,
  'weather-station': m.class_weather,
};

const PROPERTIES: Record<string, Word> = {
  circuits: m.property_circuits,
  depth_m: m.property_depth,
  pipe_diameter_mm: m.property_diameter,
  pole_height_m: m.property_height,
  lamps: m.property_lamps,
  rated_kw: m.property_rated,
  rated_w: m.property_rated_w,
  resolution: m.property_resolution,
  span_m: m.property_span,
  storeys: m.property_storeys,
};

const RELATIONS: Record<string, Word> = {
  'powered-by': m.relation_powered_by,
  feeds: m.relation_feeds,
  'connected-through': m.relation_connected_through,
  'located-in': m.relation_located_in,
};

const QUALITIES: Record<string, Word> = {
  good: m.quality_good,
  uncertain: m.quality_uncertain,
  bad: m.quality_bad,
  simulated: m.quality_simulated,
  historical: m.quality_historical,
  stale: m.quality_stale,
  'out-of-range': m.quality_out_of_range,
  frozen: m.quality_frozen,
  late: m.quality_late,
};

const LIFECYCLES: Record<Lifecycle, Word> = {
  planned: m.lifecycle_planned,
  installed: m.lifecycle_installed,
  'in-service': m.lifecycle_in_service,
  'out-of-service': m.lifecycle_out_of_service,
  retired: m.lifecycle_retired,
  quarantined: m.lifecycle_quarantined,
};

const PRIORITIES: Record<Priority, Word> = {
  1: m.priority_1,
  2: m.priority_2,
  3: m.priority_3,
  4: m.priority_4,
};

const STATES: Record<AlarmState, Word> = {
  active_unacknowledged: m.state_active_unacknowledged,
  active_acknowledged: m.state_active_acknowledged,
  returned_unacknowledged: m.state_returned_unacknowledged,
  normal: m.state_normal,
};

const SHORT_STATES: Record<AlarmState, Word> = {
  active_unacknowledged: m.state_short_unack,
  active_acknowledged: m.state_short_ack,
  returned_unacknowledged: m.state_short_returned,
  normal: m.state_normal,
};

const CHANGES: Record<string, Word> = {
  raised: m.change_raised,
  raise: m.change_raised,
  returned: m.change_returned,
  acknowledged: m.change_acknowledged,
  worsened: m.change_worsened,
  escalated: m.change_worsened,
  eased: m.change_eased,
  reoccurred: m.change_reoccurred,
  member_joined: m.change_member_joined,
  joined: m.change_member_joined,
  member_left: m.change_member_left,
  left: m.change_member_left,
  noted: m.change_noted,
};

const REASONS: Record<string, Word> = {
  'already-acknowledged': m.reason_already_acknowledged,
  already_acknowledged: m.reason_already_acknowledged,
  'not-found': m.reason_not_found,
  not_found: m.reason_not_found,
  unknown: m.reason_not_found,
};

/** `street_light` as `Street light`. */
function readable(key: string): string {
  const text = key.replaceAll(/[_-]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const word = (table: Record<string, Word>) => (key: string) => (table[key] ?? (() => readable(key)))();

export const domainWord = word(DOMAINS);
export const metricWord = word(METRICS);
export const relationWord = word(RELATIONS);
export const qualityWord = word(QUALITIES);
export const lifecycleWord = word(LIFECYCLES);
export const changeWord = word(CHANGES);
export const reasonWord = word(REASONS);
export const classWord = word(CLASSES);
export const propertyWord = word(PROPERTIES);
export const priorityWord = (priority: Priority): string => PRIORITIES[priority]();
export const stateWord = (state: AlarmState): string => STATES[state]();

/** The same for narrow rows. */
export const shortStateWord = (state: AlarmState): string => SHORT_STATES[state]();

/** A sentence in the language chosen; the other one if the first is missing. */
export function told(words: Words): string {
  return prefs.locale === 'it' ? words.it || words.en : words.en || words.it;
}

/** Where an alarm is, in one line. */
export function placeOf(alarm: Alarm): string {
  return [alarm.asset_name || alarm.asset, alarm.area].filter(Boolean).join(' · ');
}
