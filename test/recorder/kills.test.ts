import assert from 'node:assert/strict';
import {randomInt} from 'node:crypto';
import path from 'node:path';
import {describe, test} from 'node:test';
import {execa} from 'execa';
import {victims} from '../../bench/victims.js';
import {projectRoot} from '../project-root.js';

// The short version of `npm run prove -- kills`, side by side: each victim has folders of its own.

const program = path.join(projectRoot, 'build', 'bench', 'proofs', 'kills.js');
const seed = process.env.SEED ?? String(randomInt(1_000_000));

describe('SIGKILL at five random moments', {concurrency: true}, () => {
	for (const victim of victims) {
		test(`${victim}: no shown final is lost, and a second of the tape at most (SEED=${seed})`, async () => {
			const {exitCode, all} = await execa(
				process.execPath,
				[program, '--short', '--rounds', '5', '--victim', victim, '--seed', seed],
				{all: true, reject: false},
			);
			assert.equal(exitCode, 0, all);
		});
	}
});
