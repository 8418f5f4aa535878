/** What classes are called: by their own files first, by the words of the screens else. */
import { classWord, told } from '../../ui/words';
import type { AssetKind } from '../../wire/newcomer';

export function kindWords(kinds: AssetKind[]): (key: string) => string {
  const titles = new Map(kinds.map((kind) => [kind.key, kind.title]));
  return (key) => {
    const title = titles.get(key);
    return title ? told(title) : classWord(key);
  };
}
