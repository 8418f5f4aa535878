/** Draws one history with uPlot: band, mean, limit lines and alarm marks. Loaded only when a chart is looked at. */
import type uPlot from 'uplot';
import { PALETTES } from '../../map/palette';
import { formatHour, formatNumber, type Locale } from '../../ui/format';
import type { History, HistoryPoint } from '../../wire/history';

export interface Chart {
  destroy(): void;
}

interface Options {
  height: number;
  locale: Locale;
  shade: 'light' | 'dark';
  limitWord: string;
}

const FONT = "12px 'Titillium Web', sans-serif";

/** Without a reading for this many buckets the line is broken: a gap is not a straight line. */
const GAP_BUCKETS = 4;

/** Columns for uPlot in seconds, with an empty point in each gap. */
export function columns(history: History): [number[], (number | null)[], (number | null)[], (number | null)[]] {
  const times: number[] = [];
  const max: (number | null)[] = [];
  const mean: (number | null)[] = [];
  const min: (number | null)[] = [];
  const steps = history.points
    .slice(1)
    .map((point, i) => point.t_ms - history.points[i].t_ms)
    .sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  const gap = GAP_BUCKETS * Math.max(history.bucket_s * 1000, usual);
  let before: HistoryPoint | undefined;
  for (const point of history.points) {
    if (before && point.t_ms - before.t_ms > gap) {
      times.push((before.t_ms + point.t_ms) / 2000);
      max.push(null);
      mean.push(null);
      min.push(null);
    }
    times.push(point.t_ms / 1000);
    max.push(point.max);
    mean.push(point.mean);
    min.push(point.min);
    before = point;
  }
  return [times, max, mean, min];
}

export async function draw(
  element: HTMLElement,
  history: History,
  options: Options,
  onpoint: (point: HistoryPoint | null) => void,
): Promise<Chart> {
  const { default: UPlot } = await import('uplot');
  const palette = PALETTES[options.shade];
  const text = palette.label;
  const line = palette.ring;
  const data = columns(history);
  const byTime = new Map(history.points.map((point) => [point.t_ms / 1000, point]));
  const from = Date.parse(history.from) / 1000;
  const to = Date.parse(history.to) / 1000;
  const axis = {
    stroke: text,
    font: FONT,
    grid: { stroke: palette.street, width: 1 },
    ticks: { stroke: palette.border, width: 1 },
  };

  /** Limits are always in view: a chart that hides its limit says nothing. */
  const range: uPlot.Range.Function = (_, low, high) => {
    const limits = history.limits.map((limit) => limit.limit);
    const bottom = Math.min(low ?? 0, ...limits);
    const top = Math.max(high ?? 0, ...limits);
    const room = (top - bottom || Math.abs(top) || 1) * 0.08;
    return [bottom - room, top + room];
  };

  const overlay = (plot: uPlot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const ratio = devicePixelRatio;
    ctx.font = `${11 * ratio}px 'Titillium Web', sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    for (const limit of history.limits) {
      const y = plot.valToPos(limit.limit, 'y', true);
      ctx.strokeStyle = ctx.fillStyle = palette.ink[limit.priority];
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([6 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillText(
        options.limitWord,
        bbox.left + 4 * ratio,
        limit.comparison === 'above' ? y - 4 * ratio : y + 12 * ratio,
      );
    }
    ctx.setLineDash([]);
    for (const alarm of history.alarms) {
      const x = plot.valToPos(alarm.raised_ms / 1000, 'x', true);
      const end =
        alarm.returned_ms === null ? plot.valToPos(to, 'x', true) : plot.valToPos(alarm.returned_ms / 1000, 'x', true);
      ctx.fillStyle = palette.ink[alarm.priority];
      ctx.globalAlpha = 0.12;
      ctx.fillRect(x, bbox.top, Math.max(end - x, 2 * ratio), bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(x - ratio / 2, bbox.top, 1.5 * ratio, bbox.height);
      ctx.beginPath();
      ctx.moveTo(x - 5 * ratio, bbox.top);
      ctx.lineTo(x + 5 * ratio, bbox.top);
      ctx.lineTo(x, bbox.top + 8 * ratio);
      ctx.fill();
    }
    ctx.restore();
  };

  const plot = new UPlot(
    {
      width: element.clientWidth || 300,
      height: options.height - 2,
      legend: { show: false },
      cursor: { drag: { setScale: false }, points: { size: 7 }, y: false },
      scales: { x: { time: true, range: [from, to] }, y: { range } },
      axes: [
        { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => formatHour(tick * 1000, options.locale)) },
        {
          ...axis,
          size: 56,
          values: (_, ticks, __, ___, step) =>
            ticks.map((tick) =>
              formatNumber(tick, options.locale, step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step)))),
            ),
        },
      ],
      series: [
        {},
        { stroke: 'transparent', points: { show: false } },
        { stroke: line, width: 1.25, points: { show: history.points.length < 40 } },
        { stroke: 'transparent', points: { show: false } },
      ],
      bands: [{ series: [1, 3], fill: `${palette.looks[0]}55` }],
      hooks: {
        draw: [overlay],
        setCursor: [
          (self) => {
            const at = self.cursor.idx;
            onpoint(at === null || at === undefined ? null : (byTime.get(data[0][at]) ?? null));
          },
        ],
      },
    },
    data,
    element,
  );
  const watch = new ResizeObserver(() => {
    if (element.clientWidth > 0) plot.setSize({ width: element.clientWidth, height: options.height - 2 });
  });
  watch.observe(element);
  return {
    destroy() {
      watch.disconnect();
      plot.destroy();
    },
  };
}
