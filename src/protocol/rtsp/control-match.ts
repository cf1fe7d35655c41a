/**
 * Which track the URI of a SETUP means. RFC 2326, C.1.1, lets the client join base URL and `a=control`, and clients
 * disagree on how: before or behind a query, with the host they know, with characters escaped. So, as lal does, the end
 * of the URI is compared with each control value.
 */

/** `aggregate`: the presentation as a whole; `undefined`: nothing that was described. */
export type ControlMatch = number | 'aggregate' | undefined;

/** What can stand between a base URL and a control value. */
const BORDERS: ReadonlySet<string> = new Set(['/', '?', '&']);

/**
 * @param uri of the request
 * @param presentationUri of DESCRIBE or ANNOUNCE
 * @param controls `a=control` of each media description in order, `undefined` where there is none
 */
export function matchControl(
  uri: string,
  presentationUri: string,
  controls: readonly (string | undefined)[],
): ControlMatch {
  const whole = comparable(uri);
  const forms = [whole, withoutQuery(whole)];
  const names = controls.map(nameOfControl);
  const track = longestSuffix(forms, names, true);
  if (track !== undefined) return track;
  const presentation = comparable(presentationUri);
  const presentations = [presentation, withoutQuery(presentation)];
  if (forms.some((form) => form !== '' && presentations.includes(form))) return 'aggregate';
  return longestSuffix(forms, names, false);
}

/** Whether a control value names a track of its own: `*` is the whole presentation. */
export function isTrackControl(control: string | undefined): control is string {
  return nameOfControl(control) !== '';
}

/** The longest control value that one of the forms ends in. @param isPart it must not begin in mid-word */
function longestSuffix(
  forms: readonly string[],
  names: readonly string[],
  isPart: boolean,
): number | undefined {
  let best: number | undefined;
  for (const [index, name] of names.entries()) {
    const isMatch = name !== '' && forms.some((form) => endsIn(form, name, isPart));
    if (isMatch && (best === undefined || name.length > names[best]!.length)) best = index;
  }
  return best;
}

function endsIn(form: string, name: string, isPart: boolean): boolean {
  if (!form.endsWith(name)) return false;
  const before = form[form.length - name.length - 1];
  return !isPart || before === undefined || BORDERS.has(before) || BORDERS.has(name[0]!);
}

/** Absolute ones lose the host: the client may know the server by another name. */
function nameOfControl(control: string | undefined): string {
  return control === undefined || control.trim() === '*' ? '' : comparable(control).replace(/^\/+/, '');
}

function comparable(uri: string): string {
  const path = uri.trim().replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  return unescaped(path.endsWith('/') ? path.slice(0, -1) : path);
}

function withoutQuery(path: string): string {
  const [name = ''] = path.split('?', 1);
  return name.endsWith('/') ? name.slice(0, -1) : name;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
