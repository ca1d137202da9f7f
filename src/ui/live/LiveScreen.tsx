import {Box, Text} from 'ink';
import {memo} from 'react';
import {type Line as LineOfSpans, lineText} from './line.js';
import type {LiveState} from './live-state.js';
import {styleOf, type ThemeName} from './look.js';
import {type ScreenContext, screenLines} from './screen-lines.js';

type LineProps = {line: LineOfSpans; theme: ThemeName; hasColour: boolean};

/** One row. It is drawn anew only when its text or its looks changed. */
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
		before.theme === after.theme &&
		before.hasColour === after.hasColour &&
		before.line.length === after.line.length &&
		before.line.every(({text, role}, i) => text === after.line[i]!.text && role === after.line[i]!.role),
);

type LinesProps = {lines: readonly LineOfSpans[]; theme: ThemeName; hasColour: boolean};

function Lines({lines, theme, hasColour}: LinesProps) {
	return (
		<Box flexDirection="column" height={lines.length} flexShrink={0}>
			{lines.map((line, i) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row is nothing but its place.
				<Line key={i} line={line} theme={theme} hasColour={hasColour} />
			))}
		</Box>
	);
}

type LiveScreenProps = {state: LiveState; context: ScreenContext; hasColour: boolean};

/** The live screen: header, captions, gauges, key bar. */
export function LiveScreen({state, context, hasColour}: LiveScreenProps) {
	const {header, captions, gauges, keyBar} = screenLines(state, context);
	const look = {theme: state.look.theme, hasColour};
	return (
		<Box flexDirection="column" width={state.screen.columns}>
			<Lines lines={header} {...look} />
			<Lines lines={captions} {...look} />
			<Lines lines={gauges} {...look} />
			<Lines lines={keyBar} {...look} />
		</Box>
	);
}
