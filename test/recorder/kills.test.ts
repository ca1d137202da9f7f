import './own-home.js';

import assert from 'node:assert/strict';
import {randomInt} from 'node:crypto';
import {after, test} from 'node:test';
import {killRound, victims} from '../../bench/kill-rounds.js';
import {seededRandom} from '../session/hostile-text.js';
import {killAll} from './live-program.js';

// The short version of `npm run prove -- kills`.

const seed = Number(process.env.SEED ?? randomInt(1_000_000));
const random = seededRandom(seed);
const timing = {leastMs: 3000, spreadMs: 2000, afterMs: 2000};

after(killAll);

for (const victim of victims) {
	test(`${victim} killed: no shown final is lost, and a second of the tape at most (SEED=${seed})`, async () => {
		const {nLost, missingMs, problems} = await killRound(victim, random, timing);
		assert.deepEqual(problems, []);
		assert.equal(nLost, 0);
		assert.ok(missingMs <= 1000, `${missingMs} ms are missing`);
	});
}
