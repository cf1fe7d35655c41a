/** How the pages speak to the API. A token is kept for as long as the tab is open, and asked for when the API wants one. */

const TOKEN_KEY = 'lal-api-token';

/** A call that got no answer to be shown; the message is for people. */
export class CallError extends Error {}

/** @returns the answer's status and text; with a token if the user has given one */
export async function send(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(path, { ...options, headers, cache: 'no-store' });
  const text = await response.text();
  showTokenForm(response.status === 401);
  return { status: response.status, text };
}

/** @returns the `data` of a successful answer */
export async function call(path, query = {}) {
  const search = new URLSearchParams(query).toString();
  let answer;
  try {
    const { text } = await send(search === '' ? path : `${path}?${search}`);
    answer = JSON.parse(text);
  } catch (error) {
    throw new CallError(`no answer from the server: ${error.message}`);
  }
  if (answer.error_code !== 0) throw new CallError(`${answer.desp} (${answer.error_code})`);
  return answer.data;
}

/** @param tokenGiven called when the user has given a token */
export function onToken(tokenGiven) {
  const form = document.getElementById('token-form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN_KEY, form.elements.token.value);
    form.hidden = true;
    tokenGiven();
  });
}

function showTokenForm(isWanted) {
  document.getElementById('token-form').hidden = !isWanted;
}

/** An element with text, never markup: names of streams come from whoever publishes. */
export function element(name, text, className = '') {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}
