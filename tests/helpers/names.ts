/** Names as an operator may choose them and as an address does not like them. */
export const NAMES = [
  'what is new?', 'why?because=yes&no', '100 %', '%3F', '%2f', '100%25', 'C#', '#1', 'a/b', '/a//b/', '\\a\\b', 'a..b', '../up', '../../etc/passwd',
  './here', '...', '~home', 'a b  c', ' +plus+ ', 'a;b,c=d', 'it\'s "quoted"', '<b>&amp;</b>', '{a}[b]|c', 'Größe', '手順', '🦉 night', 'e\u0301',
  ':param', '*', '**', 'index', 'api', 'undefined', 'constructor', '__proto__', '%ZZ', '%', '?', '#', '??', '/?#%',
]
