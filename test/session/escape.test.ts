import assert from 'node:assert/strict';
import {test} from 'node:test';
import {micromark} from 'micromark';
import {gfm, gfmHtml} from 'micromark-extension-gfm';
import {escapeHtml, escapeMarkdown, escapeSubRip} from '../../src/session/escape.js';
import {safeLine} from '../../src/session/safe-text.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';

/** GitHub's Markdown with HTML let through, so that an injected tag would show. */
const render = (markdown: string) =>
	micromark(markdown, {
		allowDangerousHtml: true,
		allowDangerousProtocol: true,
		extensions: [gfm()],
		htmlExtensions: [gfmHtml()],
	});

const unescapeHtml = (html: string) =>
	html.replace(
		/&(lt|gt|amp|quot);/g,
		(_, name: 'lt' | 'gt' | 'amp' | 'quot') => ({lt: '<', gt: '>', amp: '&', quot: '"'})[name],
	);

test('escaped Markdown renders as the very text, in a paragraph, after a line and in a heading', t => {
	t.diagnostic(`SEED=${seed}`);
	for (const text of [...hostileTexts, ...randomHostileTexts(5000, seed)]) {
		const line = safeLine(text);
		if (line === '') continue;
		const escaped = escapeMarkdown(text);
		const shown = (html: string, shape: RegExp) => {
			const inside = shape.exec(html.trim())?.[1];
			assert.ok(inside !== undefined && !/[<>]/.test(inside), `${JSON.stringify(text)} became ${html}`);
			assert.equal(unescapeHtml(inside), line);
		};
		shown(render(escaped), /^<p>(.*)<\/p>$/);
		shown(render(`before\n${escaped}\n`), /^<p>before\n(.*)<\/p>$/);
		shown(render(`# ${escaped}\n`), /^<h1>(.*)<\/h1>$/);
	}
});

const escapes = (title: string, text: string, expected: string) =>
	test(title, () => assert.equal(escapeMarkdown(text), expected));

escapes('ordinary sentences stay readable', "Don't ask what it costs - $5?", "Don't ask what it costs - \\$5?");
escapes('a list item is escaped at the start only', '- a - b', '\\- a - b');
escapes('a numbered item keeps its number', '1. one', '1\\. one');
escapes('a year is not a list', '1984 was', '1984 was');
escapes('leading spaces make no code block', '      x', 'x');

test('escaped HTML has no tags, no entities of its own and no arrow', () => {
	for (const text of [...hostileTexts, ...randomHostileTexts(5000, seed)]) {
		const escaped = escapeHtml(text);
		assert.doesNotMatch(escaped, /[<>]|-->|&(?!(amp|lt|gt);)/);
		assert.equal(unescapeHtml(escaped), safeLine(text));
	}
});

test('escaped SubRip has no tags, no style overrides and no arrow', () => {
	for (const text of [...hostileTexts, ...randomHostileTexts(5000, seed)]) {
		assert.doesNotMatch(escapeSubRip(text), /[<>{}\n]/);
	}
});
