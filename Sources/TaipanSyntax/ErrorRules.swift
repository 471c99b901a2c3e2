// The grammar in the order in which CPython tries it, with the places where it looks for mistakes.
//
// Only `ErrorFinder` reads it, after the parser has rejected a source. What counts here is the order of
// the alternatives and how far each looks ahead, because both decide which message is given and where.
//
// Notation: a rule a line, `name: alternatives`; `name!:` keeps its results for each position, `name<:` is
// left-recursive (and keeps its results). Items: 'keyword or operator', "soft keyword", TOKEN, rule,
// %rule (only when looking for mistakes), x? x* x+, {5 Things are} (needs 3.5), <'sep'>x (one or more with separators), &x and !x
// (look ahead), &&'x' (must follow), ~ (no other alternative after this), a:x (captured for the action).
// Actions: `-> Kind` builds a node from the captures; `-> at(a) msg`, `range(a,b)`, `from(a)` (to the
// cursor), `last` (the last token read), `next` (the next one), `indent(a)` raise; others are named in `act`.

enum ErrorRules {
    static let text: StaticString = """
    file: statements? END
    interactive: statementLine
    eval: expressions NEWLINE* END
    functionType: '(' typeExpressions? ')' '->' expression NEWLINE* END
    statements: statement+
    statement: compound | simples
    statementLine: compound NEWLINE | simples | NEWLINE | END
    simples: simple !';' NEWLINE | <';'>simple ';'? NEWLINE
    simple!: assignment | &"type" typeAlias | starExpressions | &'return' returnStatement | &('import' | 'from') importStatement | &'raise' raiseStatement | 'pass' | &'del' delStatement | &'yield' yieldExpression | &'assert' assertStatement | 'break' | 'continue' | &'global' globalStatement | &'nonlocal' nonlocalStatement
    compound: &('def' | '@' | 'async') functionDef | &'if' ifStatement | &('class' | '@') classDef | &('with' | 'async') withStatement | &('for' | 'async') forStatement | &'try' tryStatement | &'while' whileStatement | matchStatement
    assignment: NAME ':' expression ('=' annotatedValue)? {6 Variable annotation syntax is} | ('(' singleTarget ')' | singleItemTarget) ':' expression ('=' annotatedValue)? {6 Variable annotations syntax is} | (starTargets '=')+ (yieldExpression | starExpressions) !'=' TYPECOMMENT? | singleTarget inPlace ~ (yieldExpression | starExpressions) | %badAssignment
    annotatedValue: yieldExpression | starExpressions
    inPlace: '+=' | '-=' | '*=' | '@=' {5 The '@' operator is} | '/=' | '%=' | '&=' | '|=' | '^=' | '<<=' | '>>=' | '**=' | '//='
    returnStatement: 'return' starExpressions?
    raiseStatement: 'raise' expression ('from' expression)? | 'raise'
    globalStatement: 'global' <','>NAME
    nonlocalStatement: 'nonlocal' <','>NAME
    delStatement: 'del' delTargets &(';' | NEWLINE) | %badDel
    assertStatement: 'assert' expression (',' expression)?
    importStatement: %badImport | importName | importFrom
    importName: 'import' dottedAsNames
    importFrom: 'from' ('.' | '...')* dottedName 'import' importTargets | 'from' ('.' | '...')+ 'import' importTargets
    importTargets: '(' importAsNames ','? ')' | importAsNames !',' | '*' | %badImportTargets
    importAsNames: <','>importAsName
    importAsName: NAME ('as' NAME)?
    dottedAsNames: <','>dottedAsName
    dottedAsName: dottedName ('as' NAME)?
    dottedName<: dottedName '.' NAME | NAME
    typeAlias: "type" NAME typeParams? '=' expression {12 Type statement is}
    typeParams: '[' typeParamList ']' {12 Type parameter lists are}
    typeParamList: <','>typeParam ','?
    typeParam!: NAME typeBound? | '*' NAME a:':' b:expression -> act bound TypeVarTuple | '*' NAME | '**' NAME a:':' b:expression -> act bound ParamSpec | '**' NAME
    typeBound: ':' expression
    block!: NEWLINE INDENT statements DEDENT | simples | %badBlock
    decorators: ('@' namedExpression NEWLINE)+
    classDef: decorators classDefRaw | classDefRaw
    classDefRaw: %badClassDef | 'class' NAME typeParams? ('(' arguments? ')')? ':' block
    functionDef: decorators functionDefRaw | functionDefRaw
    functionDefRaw: %badFunctionDef | 'def' NAME typeParams? &&'(' params? ')' ('->' expression)? &&':' functionTypeComment? block | 'async' 'def' NAME typeParams? &&'(' params? ')' ('->' expression)? &&':' functionTypeComment? block {5 Async functions are}
    params: %badParameters | parameters
    parameters: slashNoDefault paramNoDefault* paramWithDefault* starEtc? {8 Positional-only parameters are} | slashWithDefault paramWithDefault* starEtc? {8 Positional-only parameters are} | paramNoDefault+ paramWithDefault* starEtc? | paramWithDefault+ starEtc? | starEtc
    slashNoDefault: paramNoDefault+ '/' ',' | paramNoDefault+ '/' &')'
    slashWithDefault: paramNoDefault* paramWithDefault+ '/' ',' | paramNoDefault* paramWithDefault+ '/' &')'
    starEtc: %badStarEtc | '*' paramNoDefault paramMaybeDefault* keywords? | '*' paramNoDefaultStar paramMaybeDefault* keywords? | '*' ',' paramMaybeDefault+ keywords? | keywords
    keywords: %badKeywords | '**' paramNoDefault
    paramNoDefault: a:param ',' TYPECOMMENT? | a:param TYPECOMMENT? &')'
    paramNoDefaultStar: a:paramStar ',' TYPECOMMENT? | a:paramStar TYPECOMMENT? &')'
    paramWithDefault: param default ',' TYPECOMMENT? | param default TYPECOMMENT? &')'
    paramMaybeDefault: param default? ',' TYPECOMMENT? | param default? TYPECOMMENT? &')'
    param: NAME annotation? -> Other
    paramStar: NAME starAnnotation -> Other
    annotation: ':' expression
    starAnnotation: ':' starExpression
    default: '=' expression | %badDefault
    ifStatement: %badIf | 'if' namedExpression ':' block elifStatement | 'if' namedExpression ':' block elseBlock?
    elifStatement: %badElif | 'elif' namedExpression ':' block elifStatement | 'elif' namedExpression ':' block elseBlock?
    elseBlock: %badElse | 'else' &&':' block
    whileStatement: %badWhile | 'while' namedExpression ':' block elseBlock?
    forStatement: %badFor | 'for' starTargets 'in' ~ starExpressions ':' TYPECOMMENT? block elseBlock? | 'async' 'for' starTargets 'in' ~ starExpressions ':' TYPECOMMENT? block elseBlock? {5 Async for loops are} | %badForTarget
    withStatement: %badWithIndent | 'with' '(' <','>withItem ','? ')' ':' block {9 Parenthesized context managers are} | 'with' <','>withItem ':' TYPECOMMENT? block | 'async' 'with' '(' <','>withItem ','? ')' ':' block {5 Async with statements are} | 'async' 'with' <','>withItem ':' TYPECOMMENT? block {5 Async with statements are} | %badWith
    withItem: expression 'as' starTarget &(',' | ')' | ':') | %badWithItem | expression
    tryStatement: %badTry | 'try' &&':' block finallyBlock | 'try' &&':' block exceptBlock+ elseBlock? finallyBlock? | 'try' &&':' block exceptStarBlock+ elseBlock? finallyBlock? {11 Exception groups are}
    exceptBlock: %badExceptIndent | 'except' expression ('as' NAME)? ':' block | 'except' ':' block | %badExcept
    exceptStarBlock: %badExceptStarIndent | 'except' '*' expression ('as' NAME)? ':' block | %badExcept
    finallyBlock: %badFinally | 'finally' &&':' block
    matchStatement: "match" subject ':' NEWLINE INDENT caseBlock+ DEDENT {10 Pattern matching is} | %badMatch
    subject: starNamedExpression ',' starNamedExpressions? | namedExpression
    caseBlock: %badCase | "case" patterns guard? ':' block
    guard: 'if' namedExpression
    patterns: openSequence -> Other | pattern
    pattern: asPattern | orPattern
    asPattern: orPattern 'as' captureTarget -> Other | %badAsPattern
    orPattern: <'|'>closedPattern -> Other
    closedPattern!: literalPattern | capturePattern | wildcard | valuePattern | groupPattern | sequencePattern | mappingPattern | classPattern
    literalPattern: signedNumber !('+' | '-') -> Other | complexNumber -> Other | strings -> Other | 'None' -> Other | 'True' -> Other | 'False' -> Other
    literalExpression: signedNumber !('+' | '-') | complexNumber | strings | 'None' | 'True' | 'False'
    complexNumber: signedReal '+' imaginary -> Other | signedReal '-' imaginary -> Other
    signedNumber: NUMBER | '-' NUMBER
    signedReal: real | '-' real
    real: a:NUMBER -> act real
    imaginary: a:NUMBER -> act imaginary
    capturePattern: captureTarget -> Other
    captureTarget: !"_" NAME !('.' | '(' | '=')
    wildcard: "_" -> Other
    valuePattern: attribute !('.' | '(' | '=') -> Other
    attribute<: nameOrAttribute '.' NAME -> Other
    nameOrAttribute<: attribute | NAME
    groupPattern: '(' a:pattern ')'
    sequencePattern: '[' maybeSequence? ']' -> Other | '(' openSequence? ')' -> Other
    openSequence: maybeStarPattern ',' maybeSequence?
    maybeSequence: <','>maybeStarPattern ','?
    maybeStarPattern: starPattern | pattern
    starPattern!: '*' captureTarget -> Other | '*' wildcard -> Other
    mappingPattern: '{' '}' -> Other | '{' doubleStarPattern ','? '}' -> Other | '{' <','>keyPattern ',' doubleStarPattern ','? '}' -> Other | '{' <','>keyPattern ','? '}' -> Other
    keyPattern: (literalExpression | attribute) ':' pattern
    doubleStarPattern: '**' captureTarget
    classPattern: nameOrAttribute '(' ')' -> Other | nameOrAttribute '(' positionalPatterns ','? ')' -> Other | nameOrAttribute '(' keywordPatterns ','? ')' -> Other | nameOrAttribute '(' positionalPatterns ',' keywordPatterns ','? ')' -> Other | %badClassPattern
    positionalPatterns: <','>pattern
    keywordPatterns: <','>keywordPattern
    keywordPattern: NAME '=' pattern
    expressions: a:expression b:(',' c:expression)+ ','? -> Tuple | a:expression ',' -> Tuple | expression
    expression!: %badExpression | %badLegacy | disjunction 'if' disjunction 'else' expression -> IfExp | disjunction | lambda
    yieldExpression: 'yield' 'from' expression -> Yield | 'yield' starExpressions? -> Yield
    starExpressions: a:starExpression b:(',' c:starExpression)+ ','? -> Tuple | a:starExpression ',' -> Tuple | starExpression
    starExpression!: '*' a:bitOr -> Starred | expression
    starNamedExpressions: a:<','>starNamedExpression ','?
    starNamedExpression: '*' a:bitOr -> Starred | namedExpression
    assignmentExpression: NAME ':=' ~ expression {8 Assignment expressions are} -> NamedExpr
    namedExpression: assignmentExpression | %badNamedExpression | a:expression !':='
    disjunction!: conjunction ('or' conjunction)+ -> Operation | conjunction
    conjunction!: inversion ('and' inversion)+ -> Operation | inversion
    inversion!: 'not' inversion -> Operation | comparison
    comparison: a:bitOr b:comparisonPair+ -> Compare | bitOr
    comparisonPair: eqPair | notEqPair | ltEPair | ltPair | gtEPair | gtPair | notInPair | inPair | isNotPair | isPair
    eqPair: '==' bitOr
    notEqPair: (NOTEQUAL) bitOr
    ltEPair: '<=' bitOr
    ltPair: '<' bitOr
    gtEPair: '>=' bitOr
    gtPair: '>' bitOr
    notInPair: 'not' 'in' bitOr
    inPair: 'in' bitOr -> In
    isNotPair: 'is' 'not' bitOr
    isPair: 'is' bitOr
    bitOr<: bitOr '|' bitXor -> Operation | bitXor
    bitXor<: bitXor '^' bitAnd -> Operation | bitAnd
    bitAnd<: bitAnd '&' shift -> Operation | shift
    shift<: shift '<<' sum -> Operation | shift '>>' sum -> Operation | sum
    sum<: sum '+' term -> Operation | sum '-' term -> Operation | term
    term<: term '*' factor -> Operation | term '/' factor -> Operation | term '//' factor -> Operation | term '%' factor -> Operation | term '@' factor {5 The '@' operator is} -> Operation | factor
    factor!: '+' factor -> Operation | '-' factor -> Operation | '~' factor -> Operation | power
    power: awaitPrimary '**' factor -> Operation | awaitPrimary
    awaitPrimary!: 'await' primary {5 Await expressions are} -> Await | primary
    primary<: primary '.' NAME -> Attribute | primary generator -> Call | primary '(' arguments? ')' -> Call | primary '[' slices ']' -> Subscript | atom
    slices: a:slice !',' | a:<','>(slice | starredExpression) ','? -> Tuple
    slice: expression? ':' expression? (':' expression?)? -> Other | namedExpression
    atom: NAME | 'True' -> True | 'False' -> False | 'None' -> None | &(STRING | FSTART) strings | NUMBER | &'(' (tuple | group | generator) | &'[' (list | listComprehension) | &'{' (dict | set | dictComprehension | setComprehension) | '...' -> Ellipsis
    group: '(' a:(yieldExpression | namedExpression) ')' | %badGroup
    lambda: 'lambda' lambdaParams? ':' expression -> Lambda
    lambdaParams: %badLambdaParameters | lambdaParameters
    lambdaParameters: lambdaSlashNoDefault lambdaNoDefault* lambdaWithDefault* lambdaStarEtc? {8 Positional-only parameters are} | lambdaSlashWithDefault lambdaWithDefault* lambdaStarEtc? {8 Positional-only parameters are} | lambdaNoDefault+ lambdaWithDefault* lambdaStarEtc? | lambdaWithDefault+ lambdaStarEtc? | lambdaStarEtc
    lambdaSlashNoDefault: lambdaNoDefault+ '/' ',' | lambdaNoDefault+ '/' &':'
    lambdaSlashWithDefault: lambdaNoDefault* lambdaWithDefault+ '/' ',' | lambdaNoDefault* lambdaWithDefault+ '/' &':'
    lambdaStarEtc: %badLambdaStarEtc | '*' lambdaNoDefault lambdaMaybeDefault* lambdaKeywords? | '*' ',' lambdaMaybeDefault+ lambdaKeywords? | lambdaKeywords
    lambdaKeywords: %badLambdaKeywords | '**' lambdaNoDefault
    lambdaNoDefault: a:lambdaParam ',' | a:lambdaParam &':'
    lambdaWithDefault: lambdaParam default ',' | lambdaParam default &':'
    lambdaMaybeDefault: lambdaParam default? ',' | lambdaParam default? &':'
    lambdaParam: NAME -> Other
    fstringMiddle: replacementField | FMIDDLE
    replacementField: '{' (yieldExpression | starExpressions) '='? a:conversion? formatSpec? '}' -> act field | %badReplacementField
    conversion: a:'!' b:NAME -> act conversion
    formatSpec: ':' formatSpecPart*
    formatSpecPart: a:FMIDDLE -> act specText | replacementField
    fstring: a:FSTART b:fstringMiddle* FEND -> act fstring
    string: STRING
    strings!: a:(fstring | string)+ -> act concatenate
    list: '[' a:starNamedExpressions? ']' -> List
    tuple: '(' a:(a:starNamedExpression ',' b:starNamedExpressions? -> Sequence)? ')' -> Tuple
    set: '{' starNamedExpressions '}' -> Set
    dict: '{' keyValues? '}' -> Dict | '{' badKeyValues '}'
    keyValues: <','>keyValue ','?
    keyValue: '**' bitOr | pair
    pair: expression ':' expression
    forClauses: a:forClause+
    forClause: 'async' 'for' starTargets 'in' ~ a:disjunction b:('if' z:disjunction)* {6 Async comprehensions are} -> Clause | 'for' starTargets 'in' ~ a:disjunction b:('if' z:disjunction)* -> Clause | %badForTarget
    listComprehension: '[' namedExpression forClauses ']' -> ListComp | %badComprehension
    setComprehension: '{' namedExpression forClauses '}' -> SetComp | %badComprehension
    generator: '(' (assignmentExpression | expression !':=') forClauses ')' -> GeneratorExp | %badComprehension
    dictComprehension: '{' pair forClauses '}' -> DictComp | %badDictComprehension
    arguments!: a:args ','? &')' | %badArguments
    args: a:<','>(starredExpression | (assignmentExpression | a:expression !':=') !'=') b:(',' k:keywordArguments)? -> Args | a:keywordArguments -> Args
    keywordArguments: a:<','>keywordOrStarred ',' b:<','>keywordOrDoubleStarred -> Sequence | <','>keywordOrStarred | <','>keywordOrDoubleStarred
    starredExpression: %badStarred | '*' a:expression -> Starred
    keywordOrStarred: %badKeyword | NAME '=' expression -> Keyword | starredExpression
    keywordOrDoubleStarred: %badKeyword | NAME '=' expression -> Keyword | '**' expression -> Unpacking
    starTargets: a:starTarget !',' | a:starTarget b:(',' c:starTarget)* ','? -> Tuple
    starTargetsList: a:<','>starTarget ','?
    starTargetsTuple: a:starTarget b:(',' c:starTarget)+ ','? -> Sequence | a:starTarget ',' -> Sequence
    starTarget!: '*' a:(!'*' a:starTarget) -> Starred | starAtomTarget
    starAtomTarget!: targetPrimary '.' NAME !targetLookahead -> Attribute | targetPrimary '[' slices ']' !targetLookahead -> Subscript | starAtom
    starAtom: NAME | '(' a:starAtomTarget ')' | '(' a:starTargetsTuple? ')' -> Tuple | '[' a:starTargetsList? ']' -> List
    singleTarget: singleItemTarget | NAME | '(' a:singleTarget ')'
    singleItemTarget: targetPrimary '.' NAME !targetLookahead -> Attribute | targetPrimary '[' slices ']' !targetLookahead -> Subscript
    targetPrimary<: targetPrimary '.' NAME &targetLookahead -> Attribute | targetPrimary '[' slices ']' &targetLookahead -> Subscript | targetPrimary generator &targetLookahead -> Call | targetPrimary '(' arguments? ')' &targetLookahead -> Call | a:atom &targetLookahead
    targetLookahead: '(' | '[' | '.'
    delTargets: <','>delTarget ','?
    delTarget!: targetPrimary '.' NAME !targetLookahead -> Attribute | targetPrimary '[' slices ']' !targetLookahead -> Subscript | delAtom
    delAtom: NAME | '(' a:delTarget ')' | '(' delTargets? ')' -> Tuple | '[' delTargets? ']' -> List
    typeExpressions: <','>expression ',' '*' expression ',' '**' expression | <','>expression ',' '*' expression | <','>expression ',' '**' expression | '*' expression ',' '**' expression | '*' expression | '**' expression | <','>expression
    functionTypeComment: NEWLINE TYPECOMMENT &(NEWLINE INDENT) | %badTypeComments | TYPECOMMENT
    badArguments: (<','>(starredExpression | (assignmentExpression | expression !':=') !'=') ',' keywordArguments | keywordArguments) ',' a:'*' -> at(a) iterable argument unpacking follows keyword argument unpacking | a:expression b:forClauses ',' (args | expression forClauses)? -> act genexp | a:NAME b:'=' expression forClauses -> range(a,b) invalid syntax. Maybe you meant '==' or ':=' instead of '='? | (args ',')? a:NAME b:'=' &(',' | ')') -> range(a,b) expected argument value expression | a:args b:forClauses -> act lastgenexp | args ',' a:expression b:forClauses -> act genexp | a:args ',' args -> act positional
    badKeyword: a:('True' -> True | 'False' -> False | 'None' -> None) b:'=' -> range(a,b) cannot assign to %s | a:NAME b:'=' expression forClauses -> range(a,b) invalid syntax. Maybe you meant '==' or ':=' instead of '='? | !(NAME '=') a:expression b:'=' -> range(a,b) expression cannot contain assignment, perhaps you meant "=="? | a:'**' expression '=' b:expression -> range(a,b) cannot assign to keyword argument unpacking
    badStarred: a:'*' expression '=' b:expression -> range(a,b) cannot assign to iterable argument unpacking
    plainExpression: disjunction 'if' disjunction 'else' expression -> IfExp | disjunction | lambda
    badLegacy: a:NAME !'(' b:starExpressions -> act legacy
    badExpression: !(NAME STRING | SOFTKEYWORD) a:disjunction b:PLAIN -> act comma | a:disjunction 'if' b:disjunction !('else' | ':') -> range(a,b) expected 'else' after 'if' expression | a:'lambda' lambdaParams? b:':' &FMIDDLE -> range(a,b) f-string: lambda expressions are not allowed without parentheses
    badNamedExpression!: a:expression ':=' expression -> at(a) cannot use assignment expressions with %s | a:NAME '=' b:bitOr !('=' | ':=') -> range(a,b) invalid syntax. Maybe you meant '==' or ':=' instead of '='? | !(list | tuple | generator | 'True' | 'None' | 'False') a:bitOr '=' bitOr !('=' | ':=') -> at(a) cannot assign to %s here. Maybe you meant '==' instead of '='?
    badAssignment: a:badAnnotationTarget ':' expression -> at(a) only single target (not %s) can be annotated | a:starNamedExpression ',' starNamedExpressions* ':' expression -> at(a) only single target (not tuple) can be annotated | a:expression ':' expression -> at(a) illegal target for annotation | (starTargets '=')* a:starExpressions '=' -> target(a) star | (starTargets '=')* a:yieldExpression '=' -> at(a) assignment to yield expression not possible | a:starExpressions inPlace (yieldExpression | starExpressions) -> at(a) '%s' is an illegal expression for augmented assignment
    badAnnotationTarget: list | tuple | '(' a:badAnnotationTarget ')'
    badDel: 'del' a:starExpressions -> target(a) del
    badBlock: NEWLINE !INDENT -> indent() expected an indented block
    badComprehension: ('[' | '(' | '{') a:starredExpression forClauses -> at(a) iterable unpacking cannot be used in comprehension | ('[' | '{') a:starNamedExpression ',' b:starNamedExpressions forClauses -> range(a,b) did you forget parentheses around the comprehension target? | ('[' | '{') a:starNamedExpression b:',' forClauses -> range(a,b) did you forget parentheses around the comprehension target?
    badDictComprehension: '{' a:'**' bitOr forClauses '}' -> at(a) dict unpacking cannot be used in dict comprehension
    badParameters: a:'/' ',' -> at(a) at least one argument must precede / | (slashNoDefault | slashWithDefault) paramMaybeDefault* a:'/' -> at(a) / may appear only once | slashNoDefault? paramNoDefault* badParametersHelper a:paramNoDefault -> at(a) parameter without a default follows parameter with a default | paramNoDefault* a:'(' paramNoDefault+ ','? b:')' -> range(a,b) Function parameters cannot be parenthesized | (slashNoDefault | slashWithDefault)? paramMaybeDefault* '*' (',' | paramNoDefault) paramMaybeDefault* a:'/' -> at(a) / must be ahead of * | paramMaybeDefault+ '/' a:'*' -> at(a) expected comma between / and *
    badParametersHelper: slashWithDefault | paramWithDefault+
    badDefault: a:'=' &(')' | ',') -> at(a) expected default value expression
    badStarEtc: a:'*' (')' | ',' (')' | '**')) -> at(a) named arguments must follow bare * | '*' ',' TYPECOMMENT -> last bare * has associated type comment | '*' param a:'=' -> at(a) var-positional argument cannot have default value | '*' (paramNoDefault | ',') paramMaybeDefault* a:'*' (paramNoDefault | ',') -> at(a) * argument may appear only once
    badKeywords: '**' param a:'=' -> at(a) var-keyword argument cannot have default value | '**' param ',' a:param -> at(a) arguments cannot follow var-keyword argument | '**' param ',' a:('*' | '**' | '/') -> at(a) arguments cannot follow var-keyword argument
    badLambdaParameters: a:'/' ',' -> at(a) at least one argument must precede / | (lambdaSlashNoDefault | lambdaSlashWithDefault) lambdaMaybeDefault* a:'/' -> at(a) / may appear only once | lambdaSlashNoDefault? lambdaNoDefault* badLambdaParametersHelper a:lambdaNoDefault -> at(a) parameter without a default follows parameter with a default | lambdaNoDefault* a:'(' <','>lambdaParam ','? b:')' -> range(a,b) Lambda expression parameters cannot be parenthesized | (lambdaSlashNoDefault | lambdaSlashWithDefault)? lambdaMaybeDefault* '*' (',' | lambdaNoDefault) lambdaMaybeDefault* a:'/' -> at(a) / must be ahead of * | lambdaMaybeDefault+ '/' a:'*' -> at(a) expected comma between / and *
    badLambdaParametersHelper: lambdaSlashWithDefault | lambdaWithDefault+
    badLambdaStarEtc: '*' (':' | ',' (':' | '**')) -> last named arguments must follow bare * | '*' lambdaParam a:'=' -> at(a) var-positional argument cannot have default value | '*' (lambdaNoDefault | ',') lambdaMaybeDefault* a:'*' (lambdaNoDefault | ',') -> at(a) * argument may appear only once
    badLambdaKeywords: '**' lambdaParam a:'=' -> at(a) var-keyword argument cannot have default value | '**' lambdaParam ',' a:lambdaParam -> at(a) arguments cannot follow var-keyword argument | '**' lambdaParam ',' a:('*' | '**' | '/') -> at(a) arguments cannot follow var-keyword argument
    badTypeComments: TYPECOMMENT NEWLINE TYPECOMMENT NEWLINE INDENT -> last Cannot have two type comments on def
    badWithItem: expression 'as' a:expression &(',' | ')' | ':') -> target(a) star
    badForTarget: 'async'? 'for' a:starExpressions -> target(a) for
    badGroup: '(' a:starredExpression ')' -> at(a) cannot use starred expression here | '(' a:'**' expression ')' -> at(a) cannot use double starred expression here
    badImport: a:'import' <','>dottedName 'from' dottedName -> from(a) Did you mean to use 'from ... import ...' instead?
    badImportTargets: importAsNames ',' NEWLINE -> last trailing comma not allowed without surrounding parentheses
    badWith: 'async'? 'with' <','>(expression ('as' starTarget)?) NEWLINE -> last expected ':' | 'async'? 'with' '(' <','>(expressions ('as' starTarget)?) ','? ')' NEWLINE -> last expected ':'
    badWithIndent: 'async'? a:'with' <','>(expression ('as' starTarget)?) ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'with' statement on line %d | 'async'? a:'with' '(' <','>(expressions ('as' starTarget)?) ','? ')' ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'with' statement on line %d
    badTry: a:'try' ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'try' statement on line %d | 'try' ':' block !('except' | 'finally') -> last expected 'except' or 'finally' block | 'try' ':' block* exceptBlock+ a:'except' b:'*' expression ('as' NAME)? ':' -> range(a,b) cannot have both 'except' and 'except*' on the same 'try' | 'try' ':' block* exceptStarBlock+ a:'except' (expression ('as' NAME)?)? ':' -> at(a) cannot have both 'except' and 'except*' on the same 'try'
    badExcept: 'except' '*'? a:expression ',' expressions ('as' NAME)? ':' -> from(a) multiple exception types must be parenthesized | 'except' '*'? expression ('as' NAME)? NEWLINE -> last expected ':' | 'except' NEWLINE -> last expected ':' | 'except' '*' (NEWLINE | ':') -> last expected one or more exception types
    badFinally: a:'finally' ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'finally' statement on line %d
    badExceptIndent: a:'except' expression ('as' NAME)? ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'except' statement on line %d | a:'except' ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'except' statement on line %d
    badExceptStarIndent: a:'except' '*' expression ('as' NAME)? ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'except*' statement on line %d
    badMatch: "match" subject NEWLINE -> last expected ':' | a:"match" subject ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'match' statement on line %d
    badCase: "case" patterns guard? NEWLINE -> last expected ':' | a:"case" patterns guard? ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'case' statement on line %d
    badAsPattern: orPattern 'as' a:"_" -> at(a) cannot use '_' as a target | orPattern 'as' !NAME a:expression -> at(a) invalid pattern target
    badClassPattern: nameOrAttribute '(' a:badClassArguments -> range(a,a) positional patterns follow keyword patterns
    badClassArguments: (positionalPatterns ',')? keywordPatterns ',' a:positionalPatterns
    badIf: 'if' namedExpression NEWLINE -> last expected ':' | a:'if' namedExpression ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'if' statement on line %d
    badElif: 'elif' namedExpression NEWLINE -> last expected ':' | a:'elif' namedExpression ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'elif' statement on line %d
    badElse: a:'else' ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'else' statement on line %d
    badWhile: 'while' namedExpression NEWLINE -> last expected ':' | a:'while' namedExpression ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'while' statement on line %d
    badFor: 'async'? 'for' starTargets 'in' starExpressions NEWLINE -> last expected ':' | 'async'? a:'for' starTargets 'in' starExpressions ':' NEWLINE !INDENT -> indent(a) expected an indented block after 'for' statement on line %d
    badFunctionDef: 'async'? a:'def' NAME typeParams? '(' params? ')' ('->' expression)? ':' NEWLINE !INDENT -> indent(a) expected an indented block after function definition on line %d
    badClassDef: 'class' NAME typeParams? ('(' arguments? ')')? NEWLINE -> last expected ':' | a:'class' NAME typeParams? ('(' arguments? ')')? ':' NEWLINE !INDENT -> indent(a) expected an indented block after class definition on line %d
    badKeyValues: <','>keyValue ',' badPair | expression ':' a:'*' bitOr -> from(a) cannot use a starred expression in a dictionary value | expression a:':' &('}' | ',') -> at(a) expression expected after dictionary key and ':'
    badPair: a:expression !':' -> act pair | expression ':' a:'*' bitOr -> from(a) cannot use a starred expression in a dictionary value | expression a:':' &('}' | ',') -> at(a) expression expected after dictionary key and ':'
    badReplacementField: '{' a:'=' -> at(a) f-string: valid expression required before '=' | '{' a:'!' -> at(a) f-string: valid expression required before '!' | '{' a:':' -> at(a) f-string: valid expression required before ':' | '{' a:'}' -> at(a) f-string: valid expression required before '}' | '{' !(yieldExpression | starExpressions) -> next f-string: expecting a valid expression after '{' | '{' (yieldExpression | starExpressions) !('=' | '!' | ':' | '}') -> next f-string: expecting '=', or '!', or ':', or '}' | '{' (yieldExpression | starExpressions) '=' !('!' | ':' | '}') -> next f-string: expecting '!', or ':', or '}' | '{' (yieldExpression | starExpressions) '='? badConversion | '{' (yieldExpression | starExpressions) '='? ('!' NAME)? !(':' | '}') -> next f-string: expecting ':' or '}' | '{' (yieldExpression | starExpressions) '='? ('!' NAME)? ':' formatSpecPart* !'}' -> next f-string: expecting '}', or format specs | '{' (yieldExpression | starExpressions) '='? ('!' NAME)? !'}' -> next f-string: expecting '}'
    badConversion: '!' &(':' | '}') -> next f-string: missing conversion character | '!' !NAME -> next f-string: invalid conversion character
    """
}
