"""The expression language of IPFilter and IPClassifier: logic over primitives.

expr   ::= orexpr | orexpr ? expr : expr
orexpr ::= term { (or | ||) term }
term   ::= factor { [and | &&] factor }          juxtaposition is "and"
factor ::= (not | !) factor | ( expr ) | true | false | primitive
"""

from __future__ import annotations

from .names import NameResolver
from .patterns import ALWAYS, NEVER, All, Choose, Not, Pattern, Some
from .primitive import Primitive
from .terms import parse_primitive
from .words import Words

MAX_NESTING = 40

_ENDS = frozenset({"", ")", "||", "or", "?", ":"})


def parse_expression(words: Words, names: NameResolver) -> Pattern:
    """The pattern that the words say; meaningless if `words` has errors afterwards. No words match everything."""
    if not len(words) or (len(words) == 1 and words.word() in ("-", "any", "all")):
        return ALWAYS
    pattern = _Expression(words, names).expression()
    if words.left:
        words.error(f"garbage after expression at '{words.word()}'")
    return pattern


class _Expression:
    def __init__(self, words: Words, names: NameResolver) -> None:
        self._words = words
        self._names = names
        self._nesting = 0
        self._previous = Primitive()

    def expression(self) -> Pattern:
        condition = self._disjunction()
        if not self._words.accept("?"):
            return condition
        before = self._words.at
        yes = self._nested()
        if self._words.at == before or not self._words.accept(":"):
            self._words.error("missing ':' in ternary expression")
            return condition
        return Choose(condition, yes, self._nested())

    def _nested(self) -> Pattern:
        if self._nesting >= MAX_NESTING:
            self._words.error("expression is nested too deeply")
            self._words.at = len(self._words)
            return NEVER
        self._nesting += 1
        pattern = self.expression()
        self._nesting -= 1
        return pattern

    def _disjunction(self) -> Pattern:
        terms = [self._term()]
        while self._words.accept("or", "||"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Some(tuple(terms))

    def _term(self) -> Pattern:
        factors: list[Pattern] = []
        required = True
        while True:
            before = self._words.at
            factor = self._factor()
            if self._words.at == before:
                if required:
                    self._words.error("missing expression")
                break
            factors.append(factor)
            required = self._words.accept("and", "&&")
        return factors[0] if len(factors) == 1 else All(tuple(factors))

    def _factor(self) -> Pattern:
        words = self._words
        negated = False
        first = words.at
        while words.accept("not", "!"):
            negated = not negated
        before = words.at
        if words.word() == "(":
            pattern = self._parenthesis()
        else:
            pattern = self._test()
        if first < before == words.at:
            words.error(f"missing expression after '{words.word(-1)}'", before - 1)
        return Not(pattern) if negated else pattern

    def _parenthesis(self) -> Pattern:
        words = self._words
        words.at += 1
        inside = words.at
        pattern = self._nested()
        if words.at == inside:
            words.error("missing expression after '('", inside - 1)
        if not words.accept(")") and words.at != inside:
            words.error("missing ')'")
        return pattern

    def _test(self) -> Pattern:
        words = self._words
        if words.word() in _ENDS:
            return NEVER
        if words.accept("true"):
            return ALWAYS
        if words.accept("false"):
            return NEVER
        pattern, self._previous = parse_primitive(words, self._names, self._previous)
        return pattern
