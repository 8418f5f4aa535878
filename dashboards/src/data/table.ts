/** A table as the register of assets reads it. */

/** A text as a cell: quoted where it must be. */
function cell(text: string): string {
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row under its columns. The register takes a single quote before a sign of a formula away again, so one is put there. */
export function table(row: Record<string, string>): string {
  const columns = Object.keys(row);
  const guarded = (text: string) => (/^(?:[=+\-@\t\r]|'['=+\-@\t\r])/.test(text) ? `'${text}` : text);
  const number = (text: string) => text !== '' && Number.isFinite(Number(text));
  const values = columns.map((column) => cell(number(row[column]) ? row[column] : guarded(row[column])));
  return `${columns.map(cell).join(',')}\n${values.join(',')}\n`;
}
