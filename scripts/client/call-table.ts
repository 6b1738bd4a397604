/** The table of calls in docs/native-api.md, made from the endpoints. */
import { fileURLToPath } from 'node:url';
import { ENDPOINTS } from '../../packages/server/src/dialects/native/endpoints.ts';
import { writeOperations } from '../../packages/server/src/dialects/operation-words.ts';

export const MANUAL_FILE = fileURLToPath(new URL('../../docs/native-api.md', import.meta.url));

const BEGIN = '<!-- calls: written by scripts/generate-client.ts -->';
const END = '<!-- end of calls -->';

/** The manual with its table as it has to be. @throws Error for a manual without the two marks */
export function withCallTable(manual: string): string {
  const [begin, end] = [manual.indexOf(BEGIN), manual.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/native-api.md lacks ${BEGIN} and ${END}`);
  return `${manual.slice(0, begin + BEGIN.length)}\n\n${callTable()}\n${manual.slice(end)}`;
}

function callTable(): string {
  const lines = ENDPOINTS.map((endpoint) => {
    const { method, path, query = {}, operation = '', permissions, summary = '' } = endpoint;
    const parameters = Object.keys(query);
    const call = `\`${method} ${path.replace('/api/v1', '')}\`${parameters.length === 0 ? '' : ` ?${parameters.join(', ')}`}`;
    const needs =
      endpoint.authentication === 'none'
        ? 'nobody known'
        : permissions.length === 0
          ? ''
          : `\`${writeOperations(permissions).join('`, `')}\``;
    return `| ${call} | ${operation} | ${needs} | ${summary} |\n`;
  });
  return `| Call, below \`/api/v1\` | Name | Operation needed | What it does |\n| --- | --- | --- | --- |\n${lines.join('')}`;
}
