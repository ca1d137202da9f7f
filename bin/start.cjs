// Apart from pi-caption.cjs because `import()` does not parse in the Node versions that file refuses.
'use strict';
import('../dist/cli/main.js').catch(error => {
	if (error && error.code === 'ERR_MODULE_NOT_FOUND' && /dist.cli.main/.test(error.message)) {
		console.error('pi-caption is not built yet: run `npm ci` (or `npm run build`) in its folder.');
	} else {
		console.error(error);
	}
	process.exit(1);
});
