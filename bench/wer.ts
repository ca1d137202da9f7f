import path from 'node:path';
import {parseArgs} from 'node:util';
import {readManifest} from '../src/engine/model-package.js';
import {projectRoot} from '../src/system/project-root.js';
import {corpora} from './corpora.js';
import {measureWordErrors} from './measure-word-errors.js';
import {wordErrorTable} from './word-error-table.js';

// npm run wer [-- --model DIR …]: word errors of packages, source by source.

const {values} = parseArgs({
	options: {
		model: {type: 'string', multiple: true, default: [path.join(projectRoot, 'models', 'embedded')]},
		json: {type: 'boolean', default: false},
	},
});

const schemes = [];
for (const modelDir of values.model) {
	const {id, quantisation} = await readManifest(modelDir);
	const errors = await measureWordErrors(modelDir, corpora(), (done, total) => {
		if (process.stderr.isTTY) process.stderr.write(`\r${id} ${quantisation}: ${done} of ${total} clips`);
	});
	if (process.stderr.isTTY) process.stderr.write('\n');
	schemes.push({quantisation: `${id}, ${quantisation}`, errors});
}
console.log(values.json ? JSON.stringify(schemes) : wordErrorTable(schemes));
