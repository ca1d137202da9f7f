import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {TestContext} from 'node:test';

/** A root folder with these files, for what reads the system; removed after the test. */
export function systemFolder(t: TestContext, files: Record<string, string>): string {
	const root = mkdtempSync(path.join(os.tmpdir(), 'system-'));
	t.after(() => rmSync(root, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(root, name)), {recursive: true});
		writeFileSync(path.join(root, name), text);
	}
	return root;
}
