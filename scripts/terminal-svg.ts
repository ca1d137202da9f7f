import {textWidth} from '../src/session/wrap-text.js';

// What `tmux capture-pane -e -p` gives, as a picture that a browser shows.

type Style = {isBold: boolean; isDim: boolean; isInverse: boolean; colour: string | undefined};
/** Text of one style, from column `column` on. */
type Run = {text: string; column: number; style: Style};

const plain: Style = {isBold: false, isDim: false, isInverse: false, colour: undefined};
const colours = ['#3b4252', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d8dee9'];
const foreground = '#d8dee9';
const background = '#1e222a';
const cell = {width: 9, height: 20, fontSize: 15};
const margin = 14;

/** An SVG of a captured screen of `columns` × `rows`. */
export function terminalSvg(capture: string, columns: number, rows: number, title: string): string {
	const width = columns * cell.width + 2 * margin;
	const height = rows * cell.height + 2 * margin;
	// tmux writes only how a style changes, from one row to the next too.
	let style = plain;
	const body: string[] = [];
	for (const [row, line] of capture.split('\n').slice(0, rows).entries()) {
		const read = runsOf(line, style);
		style = read.style;
		body.push(...read.runs.flatMap(run => runSvg(run, row)));
	}
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
		`<rect width="${width}" height="${height}" rx="8" fill="${background}"/>`,
		`<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${cell.fontSize}" xml:space="preserve">`,
		...body,
		'</g>',
		'</svg>',
		'',
	].join('\n');
}

/** Pieces of a line by their style; tmux writes styles as SGR sequences and nothing else. */
function runsOf(line: string, before: Style): {runs: Run[]; style: Style} {
	const runs: Run[] = [];
	let style = before;
	let column = 0;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is read.
	for (const [token, parameters] of line.matchAll(/\x1b\[([\d;]*)m|[^\x1b]+/g)) {
		if (parameters !== undefined) {
			style = styled(style, parameters);
			continue;
		}
		runs.push({text: token, column, style});
		column += textWidth(token);
	}
	return {runs, style};
}

function styled(before: Style, parameters: string): Style {
	let style = before;
	for (const code of (parameters === '' ? '0' : parameters).split(';').map(Number)) {
		if (code === 0) style = plain;
		else if (code === 1) style = {...style, isBold: true};
		else if (code === 2) style = {...style, isDim: true};
		else if (code === 7 || code === 27) style = {...style, isInverse: code === 7};
		else if (code >= 30 && code <= 37) style = {...style, colour: colours[code - 30]};
		else if (code === 39) style = {...style, colour: undefined};
	}
	return style;
}

function runSvg({text, column, style}: Run, row: number): string[] {
	const x = margin + column * cell.width;
	const y = margin + row * cell.height;
	const width = textWidth(text) * cell.width;
	const ink = style.colour ?? foreground;
	const box = style.isInverse
		? [`<rect x="${x}" y="${y}" width="${width}" height="${cell.height}" fill="${ink}"/>`]
		: [];
	if (text.trim() === '') return box;
	const attributes = [
		`x="${x}"`,
		`y="${y + cell.height - 5}"`,
		// A browser's font may be wider or narrower than a cell.
		`textLength="${width}"`,
		'lengthAdjust="spacingAndGlyphs"',
		`fill="${style.isInverse ? background : ink}"`,
		...(style.isBold ? ['font-weight="bold"'] : []),
		...(style.isDim ? ['opacity="0.6"'] : []),
	];
	return [...box, `<text ${attributes.join(' ')}>${escaped(text)}</text>`];
}

const escaped = (text: string) =>
	text
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;')
		.replaceAll(' ', '\u00a0');
