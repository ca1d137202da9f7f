import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {TestContext} from 'node:test';

/** A new folder that goes away with the test. */
export async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'pi-caption-convert-'));
	t.after(() => rm(folder, {recursive: true, force: true}));
	return folder;
}
