import {safeLine} from '../../session/safe-text.js';
import {shortTime} from '../../session/time-text.js';
import {spanOfTime} from './caption-item.js';
import {cutLine, type Line, lineWidth, type Span, span} from './line.js';
import type {LiveState} from './live-state.js';

/** The header: state in words and symbol, how long, how far behind, microphone and model. In one row, or in two where a row is short. */
export function headerLines(state: LiveState, rows: number): Line[] {
	if (rows === 0) return [];
	const {columns} = state.screen;
	const {separator, more} = state.marks;
	const first = stateSpans(state);
	const about = aboutParts(state).join(separator);
	if (rows === 1) {
		const room = columns - lineWidth(first) - 2;
		// A few letters of a microphone's name say nothing.
		const line = about !== '' && room >= 12 ? [...first, span('  '), ...cutLine([span(about)], room, more)] : first;
		return [cutLine(line, columns, more)];
	}
	return [cutLine(first, columns, more), cutLine([span(about)], columns, more)];
}

/** `REC ●  12:05  BEHIND 12 s`. */
function stateSpans(state: LiveState): Span[] {
	const session = state.status?.session;
	const spans = [span(stateWords(state), 'state')];
	if (session) spans.push(span(`  ${shortTime(session.tapeMs)}`));
	if (session?.isBehind) spans.push(span('  '), span(`BEHIND ${spanOfTime(session.lagMs)}`, 'behind'));
	if (session?.isOffRecord) spans.push(span('  OFF RECORD', 'state'));
	return spans;
}

/** Where the session stands, in capitals, with its symbol. */
export function stateWords({connection, status, marks}: LiveState): string {
	if (connection === 'connecting') return 'CONNECTING';
	if (connection !== 'on' || !status) return 'NO RECORDER';
	switch (status.state) {
		case 'recording':
			return status.session?.engine === 'loading' ? `REC ${marks.recording} LOADING MODEL` : `REC ${marks.recording}`;
		case 'paused':
			return `PAUSED ${marks.paused}`;
		case 'starting':
			return 'STARTING';
		case 'stopping':
			return `STOPPING ${marks.stopped}`;
		case 'idle':
			return `STOPPED ${marks.stopped}`;
	}
}

function aboutParts({status, viewed}: LiveState): string[] {
	if (viewed) return [`reading ${safeLine(viewed.title) || 'an earlier session'}`];
	const session = status?.session;
	if (!session) return [];
	const {model, device} = session;
	return [
		...(session.title === '' ? [] : [safeLine(session.title)]),
		device ? safeLine(device.name) : 'no microphone',
		safeLine(`${model.name} ${model.quantisation}`),
	];
}
