import path from 'node:path';
import {listSessions, type SessionSummary, sessionIds, summarise} from './list-sessions.js';
import {safeLine} from './safe-text.js';
import {SessionError} from './session-error.js';

/** So many are named where several fit. */
const maxNamed = 5;

/** The session in `sessionsFolder` that `wanted` means: `last`, an id, the beginning of one, or a title, if no other has it. Throws `SessionError` `not-found`. */
export async function findSession(sessionsFolder: string, wanted: string): Promise<SessionSummary> {
	const ids = await sessionIds(sessionsFolder);
	const one = (id: string) => summarise(path.join(sessionsFolder, id));
	if (ids.length === 0) {
		throw new SessionError('not-found', `There are no sessions in ${sessionsFolder} yet.`);
	}
	if (wanted === 'last') return one(ids[0]!);
	const byId = ids.filter(id => wanted !== '' && id.startsWith(wanted));
	if (byId.length === 1) return one(byId[0]!);
	const byTitle = (await listSessions(sessionsFolder)).filter(({title}) => sameTitle(title, wanted));
	if (byTitle.length === 1) return byTitle[0]!;
	const fitting = byId.length > 0 ? byId : byTitle.map(({id}) => id);
	if (fitting.length > 0) {
		const named = fitting.slice(0, maxNamed).join(', ');
		const rest = fitting.length > maxNamed ? ' and others' : '';
		throw new SessionError('not-found', `\`${wanted}\` may be ${named}${rest}: write more of the id.`);
	}
	throw new SessionError(
		'not-found',
		`There is no session \`${wanted}\`: \`pi-caption sessions\` lists what there is; the newest is \`last\`.`,
	);
}

const sameTitle = (title: string, wanted: string) => safeLine(title).toLowerCase() === safeLine(wanted).toLowerCase();
