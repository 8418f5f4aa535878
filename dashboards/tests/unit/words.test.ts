// Both languages are complete and say the same things.
import { describe, expect, it } from 'vitest';
import en from '../../messages/en.json';
import it_ from '../../messages/it.json';

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('messages', () => {
  const italian: Record<string, string> = it_;
  const english: Record<string, string> = en;

  it('exist in both languages', () => {
    expect(Object.keys(english).sort()).toEqual(Object.keys(italian).sort());
  });

  it('are never empty and use the same placeholders', () => {
    for (const key of Object.keys(italian)) {
      expect(italian[key].trim(), key).not.toBe('');
      expect(english[key].trim(), key).not.toBe('');
      expect(placeholders(english[key]), key).toEqual(placeholders(italian[key]));
    }
  });

  it('are all used', async () => {
    const sources = import.meta.glob(['../../src/**/*.svelte', '../../src/**/*.ts', '!../../src/paraglide/**'], {
      query: '?raw',
      import: 'default',
      eager: true,
    });
    const text = Object.values(sources).join('\n');
    const unused = Object.keys(italian).filter((key) => !new RegExp(`\\bm\\.${key}\\b`).test(text));
    expect(unused).toEqual([]);
  });
});
