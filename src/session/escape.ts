import {safeLine} from './safe-text.js';

/** What means something to Markdown in the middle of a line: emphasis, code, links, images, HTML, entities, tables, strikethrough, math, footnotes. */
const inlineMarks = /[\\`*_[\]<>|~&#$^]/g;

/** What makes a link without any brackets (GitHub's autolinks): a scheme, `www.` or a mail address. */
const autolinks = /:(?=\/\/)|(?<=www)\.|@/gi;

/** What opens a block at the start of a line: lists, rules, setext underlines, front matter, definition lists, directives. */
const blockMarks = /^(?:[-+=:!%]|\d+(?=[.)]))/;

/** `text` as one line of plain words in Markdown, wherever it is put: nothing in it is markup. Includes `safeText`. */
export function escapeMarkdown(text: string): string {
	return safeLine(text)
		.replace(inlineMarks, '\\$&')
		.replace(autolinks, '\\$&')
		.replace(blockMarks, mark => (/\d/.test(mark) ? `${mark}\\` : `\\${mark}`));
}

/** `text` as one line of plain words in HTML or WebVTT. `-->` cannot be in it. Includes `safeText`. */
export function escapeHtml(text: string): string {
	return safeLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * `text` as one line of plain words in SubRip, which has no escapes: what players read as tags (`<i>`, `{\an8}`) or as a time line (`-->`)
 * is spelled with marks that look alike. Includes `safeText`.
 */
export function escapeSubRip(text: string): string {
	return safeLine(text).replace(/[<>{}]/g, mark => subRipMarks[mark]!);
}

const subRipMarks: Record<string, string> = {'<': '‹', '>': '›', '{': '(', '}': ')'};
