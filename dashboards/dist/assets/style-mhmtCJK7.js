import{t as e}from"./runtime-6ZxuIJNu.js";import{at as t,ot as n}from"./index-CDC6c6cE.js";import{n as r,t as i}from"./palette-DQV28Ekw.js";var a=()=>`La mappa non può essere disegnata da questo browser. Gli elenchi funzionano.`,o=()=>`This browser cannot draw the map. The lists work.`,s=((t={},n={})=>(n.locale??e())===`en`?o(t):a(t)),c=()=>`schematica`,l=()=>`schematic`,u=((t={},n={})=>(n.locale??e())===`en`?l(t):c(t)),d=()=>`Ingrandisci`,f=()=>`Zoom in`,p=((t={},n={})=>(n.locale??e())===`en`?f(t):d(t)),m=()=>`Rimpicciolisci`,h=()=>`Zoom out`,g=((t={},n={})=>(n.locale??e())===`en`?h(t):m(t));function _(e,t){let n=Math.sin(t*Math.PI/180);return[(e+180)/360,.5-.25*Math.log((1+n)/(1-n))/Math.PI]}var v=4e5,y=`#version 300 es
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
}`,b=`#version 300 es
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
}`,x=[`u_matrix`,`u_ratio`,`u_zoom`,`u_fade`,`u_domains`,`u_looks`,`u_pass`,`u_colors`,`u_outlines`,`u_edge`,`u_halo`],S=1e3,C=class{id=`assets`;type=`custom`;renderingMode=`2d`;alarmed={id:`assets-alarmed`,type:`custom`,renderingMode:`2d`,render:(e,t)=>this.#M(e,t,`alarmed`)};x=new Float32Array;y=new Float32Array;origin=[.5,.5];uploads=0;#e;#t;#n;#r=null;#i;#a=null;#o=null;#s=null;#c=null;#l=null;#u=new Float32Array;#d;#f=new Uint32Array;#p=0;#m=0;#h=1/0;#g=-1;#_=!0;#v=!0;#y=`dark`;#b=-1;#x=-1;#S=1;#C=!1;#w;#T;constructor(e){this.#e=e,this.#D()}onAdd(e,t){this.#t=e,this.#n=t,this.#O(t),this.#T?.(),this.#T=this.#e.onChange(e=>this.#E(e)),this.#w??=setInterval(()=>this.#j(),S)}onRemove(){this.#T?.(),this.#T=void 0,clearInterval(this.#w),this.#w=void 0}restore(){this.#n&&this.#O(this.#n),this.#t?.triggerRepaint()}setTheme(e){this.#y=e,this.#t?.triggerRepaint()}setStill(e){this.#C=e,this.#S=1,this.#t?.triggerRepaint()}setFilter(e,t){let n=(e,t)=>t<0?e:e|1<<t;this.#b=e?e.map(e=>this.#e.domains.indexOf(e)).reduce(n,0):-1,this.#x=t?t.reduce(n,0):-1,this.#t?.triggerRepaint()}isShown(e){let n=t(this.#e.states[e]);return(this.#b>>this.#e.domainOf[e]&1)==1&&(this.#x>>n&1)==1}#E(e){e.reset?((this.#d!==this.#e.assets||this.#u.length!==this.#e.size*2)&&this.#D(),this.#h=0,this.#g=this.#e.size-1):(this.#h=Math.min(this.#h,e.first),this.#g=Math.max(this.#g,e.last)),this.#v=!0,this.#t?.triggerRepaint()}#D(){let{assets:e,size:t}=this.#e;this.#d=e;let n=e.find(e=>e&&e.lon!==null&&e.lat!==null);n&&(this.origin=_(n.lon,n.lat)),this.x=new Float32Array(t).fill(NaN),this.y=new Float32Array(t).fill(NaN),this.#u=new Float32Array(t*2).fill(1e9);for(let t of e){if(!t||t.lon===null||t.lat===null)continue;let[e,n]=_(t.lon,t.lat),r=(e-this.origin[0])*v,i=(n-this.origin[1])*v;this.x[t.slot]=this.#u[t.slot*2]=r,this.y[t.slot]=this.#u[t.slot*2+1]=i}this.#_=!0}#O(e){let t=e.createProgram();for(let[n,r]of[[e.VERTEX_SHADER,y],[e.FRAGMENT_SHADER,b]]){let i=e.createShader(n);if(!i)return;if(e.shaderSource(i,r),e.compileShader(i),!e.getShaderParameter(i,e.COMPILE_STATUS)&&!e.isContextLost())throw Error(`map shader: ${e.getShaderInfoLog(i)}`);e.attachShader(t,i)}e.linkProgram(t),this.#r=t,this.#i=Object.fromEntries(x.map(n=>[n,e.getUniformLocation(t,n)])),this.#a=e.createVertexArray(),this.#o=e.createBuffer(),this.#s=e.createBuffer(),this.#c=e.createBuffer(),this.#l=e.createBuffer(),e.bindVertexArray(this.#a);let n=(n,r,i,a)=>{let o=e.getAttribLocation(t,n);e.bindBuffer(e.ARRAY_BUFFER,r),e.enableVertexAttribArray(o),e.vertexAttribPointer(o,i,a,!1,0,0)};n(`a_place`,this.#o,2,e.FLOAT),n(`a_state`,this.#s,1,e.UNSIGNED_BYTE),n(`a_domain`,this.#c,1,e.UNSIGNED_BYTE),e.bindBuffer(e.ELEMENT_ARRAY_BUFFER,this.#l),e.bindVertexArray(null),this.#_=!0,this.#v=!0}#k(e){let{states:t,domainOf:n,size:r}=this.#e;if(this.#_)e.bindBuffer(e.ARRAY_BUFFER,this.#o),e.bufferData(e.ARRAY_BUFFER,this.#u,e.STATIC_DRAW),e.bindBuffer(e.ARRAY_BUFFER,this.#c),e.bufferData(e.ARRAY_BUFFER,n,e.STATIC_DRAW),e.bindBuffer(e.ARRAY_BUFFER,this.#s),e.bufferData(e.ARRAY_BUFFER,t,e.DYNAMIC_DRAW),this.uploads++;else if(this.#g>=this.#h){e.bindBuffer(e.ARRAY_BUFFER,this.#s);let n=Math.min(this.#g,r-1)-this.#h+1;e.bufferSubData(e.ARRAY_BUFFER,this.#h,t,this.#h,n),this.uploads++}this.#_=!1,this.#h=1/0,this.#g=-1,this.#v&&=(this.#A(t),e.bindBuffer(e.ELEMENT_ARRAY_BUFFER,this.#l),e.bufferData(e.ELEMENT_ARRAY_BUFFER,this.#f.subarray(0,this.#p),e.DYNAMIC_DRAW),!1)}#A(e){let r=new Uint32Array(7),i=0;for(let a=0;a<e.length;a++){let o=t(e[a]);o<1||o>5||(r[6-o]++,e[a]&n.unacknowledged&&i++)}let a=0;for(let e=0;e<r.length;e++){let t=r[e];r[e]=a,a+=t}this.#f.length<a&&(this.#f=new Uint32Array(Math.max(a,this.#f.length*2)));for(let n=0;n<e.length;n++){let i=t(e[n]);i>=1&&i<=5&&(this.#f[r[6-i]++]=n)}this.#p=a,this.#m=i}#j(){this.#C||document.hidden||this.#m===0||(this.#S=this.#S>.5?0:1,this.#t?.triggerRepaint())}render(e,t){this.#M(e,t,`quiet`)}#M(e,t,n){let a=this.#t,o=this.#i;if(!a||!o||!this.#r||this.#e.size===0)return;e.bindVertexArray(this.#a),this.#k(e),e.useProgram(this.#r);let s=i[this.#y],c=a.getPixelRatio(),l=a.getZoom();e.uniformMatrix4fv(o.u_matrix,!1,this.#N(t.defaultProjectionData.mainMatrix)),e.uniform1f(o.u_ratio,c),e.uniform1f(o.u_zoom,l),e.uniform1f(o.u_fade,Math.min(1,Math.max(.4,.4+(l-11)*.6))),e.uniform1i(o.u_domains,this.#b),e.uniform1i(o.u_looks,this.#x),e.uniform4fv(o.u_colors,s.looks.flatMap(r)),e.uniform4fv(o.u_outlines,s.outlines.flatMap(r)),e.uniform4fv(o.u_edge,r(s.edge)),e.uniform1f(o.u_halo,this.#C?1:this.#S),e.disable(e.DEPTH_TEST),e.disable(e.STENCIL_TEST),e.enable(e.BLEND),e.blendFunc(e.ONE,e.ONE_MINUS_SRC_ALPHA),n===`quiet`?(e.uniform1i(o.u_pass,0),e.drawArrays(e.POINTS,0,this.#e.size)):this.#p>0&&(e.uniform1i(o.u_pass,1),e.drawElements(e.POINTS,this.#p,e.UNSIGNED_INT,0)),e.bindVertexArray(null)}#N(e){let[t,n]=this.origin,r=new Float32Array(16);for(let i=0;i<4;i++)r[i]=e[i]/v,r[4+i]=e[4+i]/v,r[8+i]=e[8+i],r[12+i]=e[i]*t+e[4+i]*n+e[12+i];return r}},w=`ISTAT / Openpolis (CC BY 4.0) · GSHHG (LGPL 3) · GeoNames (CC BY 4.0)`,T=[`Titillium Web`,`sans-serif`];function E(e,t){let n=i[e],r=e=>({type:`geojson`,data:new URL(`/basemap/${e}.geojson`,location.origin).href});return{version:8,sources:{land:{...r(`land`),attribution:w},borders:r(`borders`),streets:{...r(`streets`),tolerance:.5},places:r(`places`),areas:{type:`geojson`,data:{type:`FeatureCollection`,features:[]}}},layers:[{id:`sea`,type:`background`,paint:{"background-color":n.sea}},{id:`land`,type:`fill`,source:`land`,paint:{"fill-color":n.land}},{id:`coast`,type:`line`,source:`land`,paint:{"line-color":n.coast,"line-width":1}},{id:`borders`,type:`line`,source:`borders`,paint:{"line-color":n.border,"line-width":1,"line-dasharray":[4,3]}},{id:`streets`,type:`line`,source:`streets`,filter:[`==`,[`get`,`kind`],`residential`],minzoom:13,paint:{"line-color":n.street,"line-width":[`interpolate`,[`exponential`,1.6],[`zoom`],13,.5,16,2.5,19,12]}},{id:`streets-secondary`,type:`line`,source:`streets`,filter:[`==`,[`get`,`kind`],`secondary`],minzoom:12,paint:{"line-color":n.streetMain,"line-width":[`interpolate`,[`exponential`,1.6],[`zoom`],12,.5,16,4,19,16]}},{id:`streets-primary`,type:`line`,source:`streets`,filter:[`==`,[`get`,`kind`],`primary`],paint:{"line-color":n.streetMain,"line-width":[`interpolate`,[`exponential`,1.6],[`zoom`],10,.6,13,1.6,16,6,19,22]}},{id:`streets-schematic`,type:`symbol`,source:`streets`,filter:[`!=`,[`get`,`kind`],`residential`],minzoom:14,layout:{"symbol-placement":`line`,"symbol-spacing":600,"text-field":t,"text-font":T,"text-size":11,"text-letter-spacing":.12},paint:{"text-color":n.label,"text-halo-color":n.labelHalo,"text-halo-width":1.5,"text-opacity":.75}},{id:`places`,type:`symbol`,source:`places`,minzoom:9,layout:{"text-field":[`get`,`name`],"text-font":T,"text-size":[`interpolate`,[`linear`],[`coalesce`,[`get`,`population`],0],0,11,2e5,16],"symbol-sort-key":[`-`,0,[`coalesce`,[`get`,`population`],0]]},paint:{"text-color":n.label,"text-halo-color":n.labelHalo,"text-halo-width":1.5}},{id:`areas`,type:`symbol`,source:`areas`,maxzoom:12.2,layout:{"text-field":[`get`,`label`],"text-font":T,"text-size":12,"symbol-sort-key":[`case`,[`==`,[`get`,`worst`],0],9,[`get`,`worst`]]},paint:{"text-color":[`match`,[`get`,`worst`],1,n.ink[1],2,n.ink[2],3,n.ink[3],4,n.ink[4],n.label],"text-halo-color":n.labelHalo,"text-halo-width":2}}]}}export{g as a,s as c,_ as i,C as n,p as o,v as r,u as s,E as t};