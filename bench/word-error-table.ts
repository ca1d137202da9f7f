import {type CorpusErrors, errorRate, newSpeakers} from './measure-word-errors.js';

/** Word errors measured with one package: `quantisation` as in its manifest. */
export type SchemeErrors = {quantisation: string; errors: readonly CorpusErrors[]};

/** A Markdown table: a row per source, a column per scheme, each `wrong/words = rate (substitutions + insertions + deletions)`. */
export function wordErrorTable(schemes: readonly SchemeErrors[]): string {
	const rows = schemes.map(({errors}) => [...errors, newSpeakers(errors)]);
	const header = ['source', ...schemes.map(({quantisation}) => quantisation)];
	const lines = rows[0]!.map((row, i) => [row.source, ...rows.map(column => cell(column[i]!))]);
	return [header, header.map((_, i) => (i === 0 ? '---' : '--:')), ...lines]
		.map(cells => `| ${cells.join(' | ')} |`)
		.join('\n');
}

const cell = (errors: CorpusErrors) =>
	`${errors.wrong}/${errors.words} = ${errorRate(errors).toFixed(1)} % (${errors.substitutions} S, ${errors.insertions} I, ${errors.deletions} D)`;
