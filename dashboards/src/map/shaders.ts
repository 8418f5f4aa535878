/** The two programs of the asset layer. Shapes are drawn by distance, so they are sharp at every size and tell priority without colour. */

export const VERTEX = `#version 300 es
precision highp float;
in vec2 a_place;
in float a_state;
in float a_domain;
uniform mat4 u_matrix;
uniform float u_ratio;
uniform float u_zoom;
uniform float u_fade;
uniform int u_domains;
uniform int u_looks;
uniform int u_pass;
flat out int v_look;
flat out int v_bits;
flat out float v_radius;
flat out float v_size;
void main() {
  int bits = int(a_state + 0.5);
  int priority = bits & 7;
  int look = priority >= 1 && priority <= 4 ? priority : (bits & 16) != 0 ? 6 : (bits & 32) != 0 ? 5 : 0;
  bool alarmed = look >= 1 && look <= 5;
  bool hidden = ((u_domains >> int(a_domain + 0.5)) & 1) == 0 || ((u_looks >> look) & 1) == 0;
  if (hidden || alarmed != (u_pass == 1)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    v_look = 0; v_bits = 0; v_radius = 0.0; v_size = 1.0;
    return;
  }
  float near = clamp((u_zoom - 11.0) / 7.0, 0.0, 1.0);
  float radius = look == 0 ? mix(1.3, 5.5, near * near)
    : look == 6 ? mix(1.7, 6.0, near * near)
    : look == 5 ? mix(4.5, 7.5, near)
    : mix(5.0, 8.5, near) + (look == 1 ? 2.0 : look == 2 ? 1.0 : 0.0);
  // Members of a group are small from far away: the group is one thing, its members are many.
  if (alarmed && (bits & 64) != 0) radius *= mix(0.5, 0.8, clamp((u_zoom - 12.0) / 4.0, 0.0, 1.0));
  float size = (radius + (alarmed ? 6.0 : 1.5)) * 2.0 * u_ratio;
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
  gl_PointSize = size;
  v_look = look; v_bits = bits; v_radius = radius * u_ratio; v_size = size;
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
flat in int v_look;
flat in int v_bits;
flat in float v_radius;
flat in float v_size;
uniform vec4 u_colors[7];
uniform vec4 u_outlines[7];
uniform float u_zoom;
uniform vec4 u_edge;
uniform float u_ratio;
uniform float u_fade;
uniform float u_halo;
out vec4 color;

float triangle(vec2 p, float r) {
  const float k = 1.7320508;
  p.y = -p.y + r * 0.12;
  p.x = abs(p.x) - r;
  p.y = p.y + r / k;
  if (p.x + k * p.y > 0.0) p = vec2(p.x - k * p.y, -k * p.x - p.y) / 2.0;
  p.x -= clamp(p.x, -2.0 * r, 0.0);
  return -length(p) * sign(p.y);
}

float shape(vec2 p, float r) {
  if (v_look == 1) return max(abs(p.x), abs(p.y)) - r * 0.86;
  if (v_look == 2) return triangle(p, r * 1.08);
  if (v_look == 3) return (abs(p.x) + abs(p.y) - r * 1.25) * 0.70710678;
  return length(p) - r;
}

float cover(float distance) { return clamp(0.5 - distance, 0.0, 1.0); }

void main() {
  vec2 p = (gl_PointCoord - 0.5) * v_size;
  float line = 1.4 * u_ratio;
  vec4 tint = u_colors[v_look];
  float d = shape(p, v_radius);
  bool alarmed = v_look >= 1 && v_look <= 5;
  bool hollow = v_look == 6 || v_look == 5 || (alarmed && (v_bits & 16) != 0);
  float fill = hollow ? cover(abs(d + line * 0.5) - line * 0.6) : cover(d);
  if (v_look == 5) fill = max(fill, cover(length(p) - v_radius * 0.34));
  vec4 result = vec4(0.0);
  if (alarmed) {
    float edge = cover(d - 1.3 * u_ratio);
    result = vec4(u_edge.rgb, 1.0) * u_edge.a * edge;
    bool ringed = (v_bits & 8) != 0 && ((v_bits & 64) == 0 || u_zoom > 15.0);
    if (ringed && u_halo > 0.0) {
      float ring = cover(abs(d - 3.6 * u_ratio) - 0.9 * u_ratio) * u_halo;
      result = mix(result, vec4(u_outlines[v_look].rgb, 1.0), ring);
    }
  }
  result = mix(result, vec4(tint.rgb, 1.0), fill * tint.a);
  if (alarmed) result = mix(result, vec4(u_outlines[v_look].rgb, 1.0), cover(abs(d + 0.5 * u_ratio) - 0.6 * u_ratio));
  if (!alarmed) result *= u_fade;
  if (result.a < 0.004) discard;
  color = result;
}`;
