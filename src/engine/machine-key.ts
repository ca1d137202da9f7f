import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {readProcessor} from '../system/processor.js';

/**
 * What a prepared copy was made for and by, as it stands in its folder's name: `<version of ONNX Runtime>-<processor>-<fingerprint>`. Reading it loads no native code.
 */
export function machineKey(): string {
	const {name, fingerprint} = readProcessor();
	return `${installedVersion()}-${name}-${fingerprint}`;
}

/** Version of ONNX Runtime by its package.json: asking itself would load it. */
function installedVersion(): string {
	const main = createRequire(import.meta.url).resolve('onnxruntime-node');
	const {version} = JSON.parse(readFileSync(path.join(path.dirname(main), '..', 'package.json'), 'utf8'));
	return String(version).replace(/[^A-Za-z0-9.]/g, '');
}
