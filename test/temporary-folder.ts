import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder that is removed after the test. */
export function temporaryFolder(t: {after(action: () => void): void}): string {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-test-'));
	t.after(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
}
