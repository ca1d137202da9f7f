/** What the unit starts. `program`: the recorder's command; `ender`: the command that ends it, when its main process may be another one by now. */
export type ServiceUnit = {program: readonly string[]; ender: readonly string[]; recordsAtBoot: boolean};

/** Name of the unit. */
export const unitName = 'pi-caption.service';

/**
 * The systemd user unit. It stays active as long as any of its processes does: when the recorder dies, capture records on and starts the next one, and systemd does not take that
 * for an end (`ExitType=cgroup`). A process that the kernel kills for memory takes no other with it (`OOMPolicy=continue`).
 */
export function serviceUnit({program, ender, recordsAtBoot}: ServiceUnit): string {
	const flags = ['--service', ...(recordsAtBoot ? ['--record-at-boot'] : [])];
	return `# Written by \`pi-caption service install\`, which writes it anew.
[Unit]
Description=pi-caption: live captions, made on this machine
Documentation=man:systemd.service(5)
After=pipewire.service pulseaudio.service

[Service]
Type=exec
ExecStart=${[...program, ...flags].map(quoted).join(' ')}
ExecStop=${ender.map(quoted).join(' ')}
ExitType=cgroup
Restart=on-failure
RestartSec=2
KillMode=mixed
OOMPolicy=continue
# The rest of the tape is captioned, and the transcript written.
TimeoutStopSec=300
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=no
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_NETLINK

[Install]
WantedBy=default.target
`;
}

/** An argument of a command line in a unit: quotes, and what systemd would replace (systemd.service(5), systemd.unit(5)). */
function quoted(argument: string): string {
	const escaped = argument.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/%/g, '%%').replace(/\$/g, '$$$$');
	return /^[A-Za-z0-9_./:=@-]+$/.test(argument) ? argument : `"${escaped}"`;
}
