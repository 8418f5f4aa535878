/** Where we are: plain history routing without hashes; every view and filter is in the address. */

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
      if (link.pathname.startsWith('/api/') || (link.hash && link.pathname === location.pathname)) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  go(to: string, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push') history.pushState(null, '', to);
    else history.replaceState(null, '', to);
    this.#read();
  }

  /** Changes some keys of the query; `null` takes one out. Replaces the entry unless told to push. */
  set(changes: Record<string, string | null>, how: 'push' | 'replace' = 'replace'): void {
    const query = new URLSearchParams(this.query);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) query.delete(key);
      else query.set(key, value);
    }
    const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
    if (text === this.query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')) return;
    this.go(this.path + (text ? `?${text}` : ''), how);
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
}

export const router = new Router();

export function assetHref(id: string): string {
  return `/assets/${encodeURIComponent(id)}`;
}

export function alarmHref(id: string): string {
  return `/alarms/${encodeURIComponent(id)}`;
}

/** A link that keeps the filters of the view it leaves. */
export function keepingFilters(href: string): string {
  const kept = new URLSearchParams();
  for (const key of ['show', 'priority', 'domain', 'q']) {
    const value = router.query.get(key);
    if (value) kept.set(key, value);
  }
  const text = kept.toString().replaceAll('%2C', ',');
  return text ? `${href}?${text}` : href;
}
