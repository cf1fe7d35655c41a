import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the tests have made once and keep: media, certificates, programs. Not in the repository. */
export const cacheFolder: string = join(projectRoot, 'test', '.cache');

/** The certificate that test servers use; `makeCertificate` makes it. */
export const certificateFile: string = join(cacheFolder, 'cert.pem');
export const certificateKeyFile: string = join(cacheFolder, 'key.pem');

/** The sample that ships with the package: H.264 with B-frames and AAC, 24 s, the end joins the beginning. */
export const demoFile: string = join(projectRoot, 'assets', 'demo.flv');
