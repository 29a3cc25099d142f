// The words of the policy language. Texts are lexed as bytes that were checked to be UTF-8 before, so a
// token's offsets are byte offsets and characters beyond ASCII are the bytes 0x80 to 0xFF.
lexer grammar RescindLexer;

// ---- Words of the grammar. Most are reserved only as bare names; rule `anyWord` of the parser. ----

MODULE: 'module';
IMPORT: 'import';
WITH: 'with';
SCHEMA: 'schema';
PARAMETER: 'parameter';
DEFINE: 'define';
DERIVE: 'derive';
ROLE: 'role';
KEEP: 'keep';
CONFLICT: 'conflict';
RULE: 'rule';
HOLD: 'hold';
LIMIT: 'limit';
RETIRE: 'retire';
TEST: 'test';
PROVE: 'prove';

ON: 'on';
WHEN: 'when';
BECAUSE: 'because';
CONTROLS: 'controls';
ESCALATE: 'escalate';
THEN: 'then';
NOTIFY: 'notify';
ASK: 'ask';
AS: 'as';
WHERE: 'where';
TO: 'to';
FOR: 'for';
OF: 'of';
WITHIN: 'within';
AFTER: 'after';
APPROVED: 'approved';
BY: 'by';
EVEN: 'even';
IF: 'if';
OTHERWISE: 'otherwise';
INCLUDES: 'includes';
GRANTS: 'grants';
BLOCKS: 'blocks';
UNTIL: 'until';
ORDERED: 'ordered';
AT: 'at';
PER: 'per';

AND: 'and';
OR: 'or';
NOT: 'not';
IN: 'in';
LIKE: 'like';
MATCHES: 'matches';
IS: 'is';
KNOWN: 'known';
SUPPORTS: 'supports';
IDLE: 'idle';
DELIVERED: 'delivered';
TRUE: 'true';
FALSE: 'false';
ANY: 'any';
ALL: 'all';
COUNT: 'count';
MIN: 'min';
MAX: 'max';
SUM: 'sum';

// Words that mean something in one place only and are names everywhere else.
EVENT: 'event';
SYSTEMS: 'systems';
TEAMS: 'teams';
ABOUT: 'about';
LIFTED: 'lifted';
STAGED: 'staged';
CONTAINMENT: 'containment';
MOST: 'most';
STAGE: 'stage';
START: 'start';
ENTER: 'enter';
DONE: 'done';
SOAK: 'soak';
USE: 'use';
RETURN: 'return';

IDENT: WordStart Word*;

// ---- Literals. A digit-led run that is none of these is one bad token: `5min` is not `5m in`. -----

INT: Digit+;
DURATION: (Digit+ [wdhms])+;
PERCENT: Digit+ '%';
DATE: Day;
INSTANT: Moment;
BAD_NUMBER: (Digit | Day | Moment) Word+;

STRING: '"' StringPart* '"';
BAD_STRING: '"' StringPart* '\\'? | '\'' ~['\r\n]* '\'';

// ---- Signs ----

LBRACE: '{';
RBRACE: '}';
LPAREN: '(';
RPAREN: ')';
COMMA: ',';
COLON: ':';
DOT: '.';
ASSIGN: '=';
EQUAL: '==';
NOT_EQUAL: '!=';
LESS: '<';
LESS_EQUAL: '<=';
GREATER: '>';
GREATER_EQUAL: '>=';
COALESCE: '??';
QUESTION: '?';
PLUS: '+';
MINUS: '-';

// ---- Between tokens ----

SPACE: [ \t\r\n]+ -> skip;
DOC: '///' ~[/\r\n] ~[\r\n]* | '///';
LINE_COMMENT: '//' ~[\r\n]* -> skip;
BLOCK_COMMENT: '/*' .*? '*/' -> skip;
BAD_COMMENT: '/*';

BAD_NAME: Word* [\u0080-\u00FF] (Word | [\u0080-\u00FF])*;
BAD_CHARACTER: [&|!;'`]+ | .;

fragment Digit: [0-9];
fragment WordStart: [A-Za-z_];
fragment Word: [A-Za-z0-9_];
fragment Day: Digit Digit Digit Digit '-' Digit Digit '-' Digit Digit;
fragment Moment: Day 'T' [0-9:.]* ('Z' | [+\-] Digit [0-9:]*)?;
fragment StringPart: ~["\\\r\n] | '\\' ~[\r\n];
