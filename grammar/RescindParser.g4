// The sentences of the policy language. Every decision is made on one token of look-ahead. No statement
// begins with a token that can continue an expression, so newlines need no meaning. README.md in
// this folder has the precedence table.
//
// Rules named …Body, importArguments and attributes hold the statements at which the parser takes up again
// after an error (engine/parse/recovery.cc knows them by name).
parser grammar RescindParser;

options { tokenVocab = RescindLexer; superClass = ParserBase; }

@postinclude { #include "parser_base.h" }

policyFile: moduleHeader? declaration* EOF;

moduleHeader: 'module' qualifiedName;

declaration
  : importDecl
  | schemaDecl
  | parameterDecl
  | defineDecl
  | deriveDecl
  | roleDecl
  | keepDecl
  | conflictDecl
  | ruleDecl
  | holdDecl
  | limitDecl
  | retireDecl
  | laterDecl
  ;

// ---- Modules, schema, parameters, defines ----

importDecl: 'import' qualifiedName ('with' '{' importArguments '}')?;
importArguments: importArgument*;
importArgument: key=anyWord '=' value=literal ','?;

schemaDecl: 'schema' '{' schemaBody '}';
schemaBody: schemaEntry*;
schemaEntry
  : 'systems' nameBlock
  | 'teams' nameBlock
  | 'event' eventName=name 'about' about=name attributeBlock?
  | entity=entityName attributeBlock
  ;
nameBlock: '{' (nameOrString (',' nameOrString)*)? '}';
attributeBlock: '{' attributes '}';
attributes: attribute*;
attribute: key=anyWord ':' type=typeExpr ('=' value=literal)?;

typeExpr: base=name ('<' element=simpleType '>' | enumValues)? QUESTION?;
simpleType: base=name enumValues? QUESTION?;
enumValues: '{' name (',' name)* '}';

parameterDecl: 'parameter' key=name ':' type=typeExpr ('=' value=literal)?;

defineDecl: 'define' key=name ('(' formal (',' formal)* ')')? '=' body=expr;
formal: key=name ':' type=typeExpr;

deriveDecl: 'derive' event=name 'for' entity=name ('as' alias)? ('where' where=expr)? 'on' nameList;

// ---- Roles ----

roleDecl: 'role' key=anyWord ('includes' anyWord (',' anyWord)*)? '{' roleBody '}';
roleBody: roleItem*;
roleItem
  : 'when' expr
  | 'grants' system=nameOrString grantedRight (',' grantedRight)*
  ;
grantedRight: kind=name value=STRING;

keepDecl: 'keep' key=anyWord '{' keepBody '}';
keepBody: keepItem*;
keepItem: selection | 'because' STRING;

conflictDecl: 'conflict' key=anyWord '{' conflictPart (',' conflictPart)* ('because' STRING)? '}';
conflictPart: system=nameOrString grantedRight;

// ---- Rules ----

ruleDecl: 'rule' key=anyWord '{' ruleBody '}';
ruleBody: header* (clause (clause | lateHeader)*)?;
header
  : 'on' nameList
  | 'when' expr
  | 'because' STRING
  | 'controls' STRING (',' STRING)*
  | 'escalate' 'to' principals escalationStep*
  ;
escalationStep: 'then' principals 'after' period;
// A bare name: a parameter that stands for a duration.
period: DURATION | name;

// Recognised so that the message can say where it belongs (`because` there belongs to the clause).
lateHeader
  : 'on' nameList
  | 'when' expr
  | 'controls' STRING (',' STRING)*
  | 'escalate' 'to' principals escalationStep*
  ;

clause
  : verb=IDENT selection ('to' principals)? modifier*
  | verb='notify' principals modifier*
  | verb='ask' principals 'to' STRING modifier*
  ;
modifier
  : 'within' period
  | 'after' period
  | 'approved' 'by' principals
  | 'even' 'if' 'staged'
  | 'otherwise' 'escalate' 'to' principals
  | 'because' STRING
  ;

selection: name (',' name)* ('as' alias)? ('where' expr)?;
alias: name;
principals: coalesced ('or' coalesced)*;

// ---- Holding back ----

holdDecl: 'hold' key=anyWord '{' holdBody '}';
holdBody: holdItem*;
holdItem
  : 'when' expr
  | 'blocks' verbs 'of' selection
  | 'even' 'containment'
  | 'until' (DATE | INSTANT | 'lifted')
  | 'ordered' 'by' principals
  | 'because' STRING
  ;
verbs: IDENT (',' IDENT)*;

limitDecl: 'limit' key=anyWord '{' limitBody '}';
limitBody
  : verbs 'of' selection ('at' 'most' atMost)? perWindow*
    ('otherwise' 'ask' principals)?
  ;
perWindow: 'per' (DURATION | name);
atMost: bound | 'max' '(' bound ',' bound ')';
bound: INT | PERCENT;

// ---- Staged retirement ----

retireDecl: 'retire' key=anyWord '{' retireBody '}';
// `when` after a `start` or `enter` is theirs, so the header comes first.
retireBody: (header | selected)* (retirePart (retirePart | lateRetireHeader)*)?;
selected: 'for' selection;
retirePart
  : 'start' 'at' target=anyWord ('when' expr)?
  | 'enter' target=anyWord 'within' period ('when' expr)?
  | 'stage' key=anyWord '{' stageBody '}'
  ;

// Recognised so that the message can say where it belongs.
lateRetireHeader
  : 'on' nameList
  | 'for' selection
  | 'because' STRING
  | 'controls' STRING (',' STRING)*
  | 'escalate' 'to' principals escalationStep*
  ;

stageBody: stageItem*;
stageItem
  : verb=IDENT item=name ('to' principals)?
  | verb='notify' principals
  | verb='ask' principals 'to' STRING
  | 'done' 'when' expr
  | 'within' period
  | 'otherwise' 'escalate' 'to' principals
  | 'approved' 'by' principals
  | 'soak' period
  | 'on' 'use' 'return' 'to' target=anyWord
  ;

// ---- Recognised and kept as text ----

laterDecl: keyword=('test' | 'prove') (anyWord | STRING)? balanced;
balanced: '{' (balanced | ~('{' | '}'))* '}';

// ---- Expressions, loosest first ----

// A run of one word only; a mix is refused with a better message than a syntax error.
expr: comparison (('and' | 'or') comparison)*;
// More than one tail is refused likewise: comparisons do not chain.
comparison: 'not' comparison | sum comparisonTail*;
comparisonTail
  : op=('==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'like' | 'matches') operand=sum
  | op='not' 'in' operand=sum
  | op='is' 'not'? kind=name
  | op='supports' kind=name
  | op='idle' 'for' operand=sum
  | op='delivered' 'to' receiver=coalesced
  ;
sum: coalesced (('+' | '-') coalesced)*;
coalesced: prefixed ('??' prefixed)*;
prefixed: op=('-' | 'known') prefixed | primary ('.' anyWord)*;
primary
  : simpleLiteral
  | '{' (expr (',' expr)*)? '}'
  | '(' expr ')'
  | name arguments?
  | quantifier=('any' | 'all' | 'count') '(' variable=name 'in' set=sum ('where' where=expr)? ')'
  | quantifier=('min' | 'max' | 'sum') '(' variable=name 'in' set=sum ('where' where=expr)? ':' value=expr ')'
  ;
arguments: '(' (expr (',' expr)*)? ')';

// Values of attributes and parameters: never more than this, so that an attribute may have any name.
literal: simpleLiteral | '-' (INT | DURATION) | name | '{' (literal (',' literal)*)? '}';
simpleLiteral: 'true' | 'false' | INT | STRING | DURATION | DATE | INSTANT;

// ---- Names ----

qualifiedName: name ('.' anyWord)*;
nameList: name (',' name)*;
nameOrString: name | STRING;
entityName: IDENT | 'role';

name
  : IDENT
  | 'role' | 'event' | 'systems' | 'teams' | 'about' | 'lifted' | 'staged' | 'containment' | 'most'
  | 'stage' | 'start' | 'enter' | 'done' | 'soak' | 'use' | 'return'
  ;

// Every word, `name` included (spelt out, because this rule is entered very often).
anyWord
  : IDENT
  | 'role' | 'event' | 'systems' | 'teams' | 'about' | 'lifted' | 'staged' | 'containment' | 'most'
  | 'stage' | 'start' | 'enter' | 'done' | 'soak' | 'use' | 'return'
  | 'module' | 'import' | 'with' | 'schema' | 'parameter' | 'define' | 'derive' | 'keep' | 'conflict'
  | 'rule' | 'hold' | 'limit' | 'retire' | 'test' | 'prove'
  | 'on' | 'when' | 'because' | 'controls' | 'escalate' | 'then' | 'notify' | 'ask' | 'as' | 'where'
  | 'to' | 'for' | 'of' | 'within' | 'after' | 'approved' | 'by' | 'even' | 'if' | 'otherwise'
  | 'includes' | 'grants' | 'blocks' | 'until' | 'ordered' | 'at' | 'per'
  | 'and' | 'or' | 'not' | 'in' | 'like' | 'matches' | 'is' | 'known' | 'supports' | 'idle'
  | 'delivered' | 'true' | 'false' | 'any' | 'all' | 'count' | 'min' | 'max' | 'sum'
  ;
