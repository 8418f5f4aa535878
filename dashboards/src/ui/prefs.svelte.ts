/** What this person chose: language, theme, single-letter keys. Kept in the browser, never sent anywhere. */
import { overwriteGetLocale } from '../paraglide/runtime.js';

export type Locale = 'it' | 'en';
export type Theme = 'system' | 'light' | 'dark';

function read(key: string): string | null {
  try {
    return localStorage.getItem(`specola.${key}`);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(`specola.${key}`, value);
  } catch {
    // A browser that keeps nothing still shows the page.
  }
}

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const stillSystem = matchMedia('(prefers-reduced-motion: reduce)');

class Prefs {
  locale = $state<Locale>(read('locale') === 'en' ? 'en' : 'it');
  theme = $state<Theme>(((value) => (value === 'light' || value === 'dark' ? value : 'system'))(read('theme')));
  /** Whether single letters act (WCAG 2.1.4: they can be turned off). */
  letters = $state(read('letters') !== 'off');
  #systemDark = $state(darkSystem.matches);
  still = $state(stillSystem.matches);

  constructor() {
    darkSystem.addEventListener('change', () => {
      this.#systemDark = darkSystem.matches;
      this.#paint();
    });
    stillSystem.addEventListener('change', () => (this.still = stillSystem.matches));
  }

  /** The theme in use, after asking the system. */
  get shade(): 'light' | 'dark' {
    return this.theme === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.theme;
  }

  setLocale(locale: Locale): void {
    this.locale = locale;
    write('locale', locale);
    this.#paint();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    write('theme', theme);
    this.#paint();
  }

  setLetters(on: boolean): void {
    this.letters = on;
    write('letters', on ? 'on' : 'off');
  }

  #paint(): void {
    document.documentElement.lang = this.locale;
    document.documentElement.dataset.theme = this.shade;
  }
}

export const prefs = new Prefs();
// Messages read the language through this rune, so the whole page follows a switch without a reload.
overwriteGetLocale(() => prefs.locale);
