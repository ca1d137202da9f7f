import {Box, Text} from 'ink';
import {memo} from 'react';
import {isSameLine, type Line as LineOfSpans, lineText} from './line.js';
import {styleOf, type ThemeName} from './look.js';
import type {ScreenLines} from './screen-lines.js';

type LineProps = {line: LineOfSpans; theme: ThemeName; hasColour: boolean};

/** One row. It is rendered anew only when its text or its looks changed. */
const Line = memo(
	({line, theme, hasColour}: LineProps) => (
		<Text wrap="truncate-end">
			{lineText(line) === ''
				? ' '
				: line.map(({text, role}, i) => (
						// biome-ignore lint/suspicious/noArrayIndexKey: a span is nothing but its place.
						<Text key={i} {...styleOf(role, theme, hasColour)}>
							{text}
						</Text>
					))}
		</Text>
	),
	(before, after) =>
		before.theme === after.theme && before.hasColour === after.hasColour && isSameLine(before.line, after.line),
);

const noLine: LineOfSpans = [];

/** `isKept` of a row, counted from the top of the screen: the terminal shows it already, and its place stays empty. */
export type LiveScreenProps = {
	lines: ScreenLines;
	columns: number;
	theme: ThemeName;
	hasColour: boolean;
	isKept?(row: number): boolean;
};

/** The live screen: header, captions, gauges, key bar. */
export function LiveScreen({lines, columns, isKept = () => false, ...look}: LiveScreenProps) {
	let row = 0;
	const part = (partLines: readonly LineOfSpans[]) => (
		<Box flexDirection="column" height={partLines.length} flexShrink={0}>
			{partLines.map((line, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row is nothing but its place.
				<Line key={i} line={isKept(row++) ? noLine : line} {...look} />
			))}
		</Box>
	);
	return (
		<Box flexDirection="column" width={columns}>
			{part(lines.header)}
			{part(lines.captions)}
			{part(lines.gauges)}
			{part(lines.keyBar)}
		</Box>
	);
}
