"""Where a source file could be broken, by rule, and the text that breaks it there when a switch says so.

Every mutant is a set of insertions that keep each line where it is, so that a compiler's complaint names the mutant.
"""
import bisect
import hashlib
import re
from dataclasses import dataclass, field

RULES = ("negate", "drop", "bound", "reorder")

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      |(?P<preprocessor>^\#(?:\\\n|[^\n])*)
      |(?P<text>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"|(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
      |(?P<word>[A-Za-z_]\w*)
      |(?P<number>\.?\d(?:[\w.]|'\d|[eEpP][+-])*)
      |(?P<sign><=>|->\*?|::|<<=|>>=|<<|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|\.\.\.|.)""",
    re.X | re.S | re.M)

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {")", "]", "}"}

# Calls whose loss nobody could see by a promise: room made ahead, words for the log, checks of what only a bug breaks.
UNSEEN = re.compile(r"^(CHECK\b|static_cast<void>|.*\b(reserve|shrink_to_fit|log\w*|trace\w*)\s*\()")
# What a statement that is a call may not begin with.
NO_CALL = {"return", "co_return", "co_yield", "break", "continue", "using", "typedef", "goto", "delete", "case", "default", "if",
           "else", "while", "for", "do", "switch", "const", "auto", "static", "struct", "class", "enum", "namespace", "template",
           "public", "private", "protected", "explicit", "virtual", "constexpr", "throw", "static_assert", "friend", "extern"}
# Where a comparison's operand ends.
BORDERS = {",", ";", "&&", "||", "?", ":", "=", "{", "}", "return", "co_return", "+=", "-=", "==", "!=", "|=", "&=", "<<", "!",
           "<", ">", "<=", ">="}


@dataclass
class Token:
    text: str
    begin: int
    end: int
    kind: str


@dataclass
class Mutant:
    file: str
    line: int
    rule: str
    text: str      # the line as it was
    change: str    # what is done to it
    begin: int
    end: int
    inserts: list = field(default_factory=list)  # (offset, order, text)
    number: int = 0
    key: str = ""


def tokens_of(source):
    out = []
    for found in TOKEN.finditer(source):
        kind = found.lastgroup if found.lastgroup != "mark" else "text"
        if kind not in ("skip", "preprocessor"):
            out.append(Token(found.group(), found.start(), found.end(), kind))
    return out


class File:
    def __init__(self, name, source):
        self.name, self.source = name, source
        self.tokens = tokens_of(source)
        self.lines = [0] + [m.end() for m in re.finditer("\n", source)]
        self.partner = {}
        self.bodies = [None] * len(self.tokens)  # the brace that each token stands in
        stack, braces = [], [None]
        for at, token in enumerate(self.tokens):
            self.bodies[at] = braces[-1]
            if token.text in OPENING and token.kind == "sign":
                stack.append(at)
                if token.text == "{":
                    braces.append(at)
            elif token.text in CLOSING and token.kind == "sign" and stack:
                begin = stack.pop()
                self.partner[begin], self.partner[at] = at, begin
                if token.text == "}":
                    braces.pop()

    def line_of(self, offset):
        return bisect.bisect_right(self.lines, offset)

    def line_text(self, line):
        end = self.lines[line] if line < len(self.lines) else len(self.source)
        return self.source[self.lines[line - 1]:end].strip()

    def is_code(self, brace):
        """Whether a brace opens a block of statements, not a type, a namespace or a list of values."""
        if brace is None:
            return False
        before = self.tokens[brace - 1].text if brace else ""
        if before in ("else", "do", "mutable", "noexcept", "override", "const", "]"):
            return True
        if before == ")":
            return True
        words, at = [], brace - 1
        while at >= 0 and self.tokens[at].text not in (";", "{", "}"):
            if self.tokens[at].text == ")":
                at = self.partner.get(at, at)
            words.append(self.tokens[at].text)
            at -= 1
        if {"struct", "class", "namespace", "enum", "union", "="} & set(words):
            return False
        return "->" in words or before == ":"

    def is_spaced(self, token):
        """Whether a sign stands between blanks, as an operator does in formatted code, and no bracket of a template."""
        return self.source[token.begin - 1] in " \n" and self.source[token.end] in " \n"

    def is_inside_code(self, at):
        brace = self.bodies[at]
        while brace is not None and not self.is_code(brace):
            brace = self.bodies[brace]
        return brace is not None

    def made(self, rule, begin, end, change, inserts):
        line = self.line_of(begin)
        return Mutant(self.name, line, rule, self.line_text(line), change, begin, end, inserts)

    def statements(self, brace):
        """The simple statements (first, last token) and, as None, everything else of a block, in order."""
        out, at, end = [], brace + 1, self.partner.get(brace, len(self.tokens))
        while at < end:
            first = at
            while at < end and self.tokens[at].text not in (";", "{", "}"):
                at = self.partner.get(at, at) + 1 if self.tokens[at].text in OPENING else at + 1
            if at < end and self.tokens[at].text == ";":
                out.append((first, at))
                at += 1
            else:
                # A block, a lambda or a list of values in braces: what follows goes on with the statement or begins the next.
                out.append(None)
                at = self.partner.get(at, at) + 1 if at < end else end
        return out


def conditions(file):
    tokens = file.tokens
    for at, token in enumerate(tokens[:-2]):
        if token.text not in ("if", "while") or tokens[at + 1].text != "(" or at + 1 not in file.partner:
            continue
        first, last = at + 2, file.partner[at + 1] - 1
        inner = first
        while inner <= last:
            if tokens[inner].text == ";":
                first = inner + 1
            inner = file.partner.get(inner, inner) + 1 if tokens[inner].text in OPENING else inner + 1
        declared, inner = None, first
        while inner <= last and declared is None:
            if tokens[inner].text == "=":
                declared = tokens[inner - 1]
            inner = file.partner.get(inner, inner) + 1 if tokens[inner].text in OPENING else inner + 1
        if first > last:
            continue
        begin, end = tokens[first].begin, tokens[last].end
        if declared is not None:
            if token.text == "while" or declared.kind != "word":
                continue
            yield file.made("negate", begin, end, f"negates `{declared.text}`",
                            [(end, 0, f"; weft_mutant(@) != static_cast<bool>({declared.text})")])
            continue
        yield file.made("negate", begin, end, f"negates `{flat(file.source[begin:end])}`",
                        [(begin, 0, "weft_mutant(@) != static_cast<bool>("), (end, 1, ")")])


def flat(text):
    return re.sub(r"\s+", " ", re.sub(r"//[^\n]*", "", text)).strip()


def is_call(file, first, last):
    """Whether the tokens are one call, maybe awaited, whose value nobody takes."""
    tokens, at = file.tokens, first
    if tokens[at].text == "co_await":
        at += 1
    if at < last and tokens[at].text == "(" and tokens[at + 1].text == "co_await" and file.partner.get(at) == last - 1:
        return True
    was_word = False
    while at < last:
        token = tokens[at]
        if token.kind == "word":
            if was_word or token.text in NO_CALL:
                return False
            was_word = True
        elif token.text in ("::", ".", "->"):
            was_word = False
        elif token.text in ("(", "["):
            at, was_word = file.partner[at], False
        elif token.text == "<" and was_word:
            while at < last and tokens[at].text != ">":
                at += 1
            was_word = False
        else:
            return False
        at += 1
    return tokens[last - 1].text == ")"


def code_blocks(file):
    for at, token in enumerate(file.tokens):
        if token.text == "{" and token.kind == "sign" and at in file.partner and file.is_code(at):
            yield at


def dropped(file):
    for brace in code_blocks(file):
        for statement in file.statements(brace):
            if statement is None or not is_call(file, *statement):
                continue
            begin, end = file.tokens[statement[0]].begin, file.tokens[statement[1]].end
            text = flat(file.source[begin:end])
            if UNSEEN.match(text):
                continue
            yield file.made("drop", begin, end, f"drops `{text}`",
                            [(begin, 0, "if (!weft_mutant(@)) { "), (end, 1, " }")])


def operand(file, at, step):
    """The last token of a comparison's operand, from the token beside the comparison outwards."""
    tokens, last = file.tokens, None
    while 0 <= at < len(tokens):
        text = tokens[at].text
        is_template = text in ("<", ">") and not file.is_spaced(tokens[at])
        if tokens[at].kind in ("sign", "word") and text in BORDERS and not is_template:
            break
        if text in OPENING if step < 0 else text in CLOSING:
            break
        last = at
        if text in (CLOSING if step < 0 else OPENING):
            last = at = file.partner.get(at, at)
        at += step
    return last


def bounds(file):
    tokens, source = file.tokens, file.source
    for at, token in enumerate(tokens[1:-1], 1):
        if token.kind != "sign" or not file.is_spaced(token) or not file.is_inside_code(at):
            continue
        if token.text in ("<", "<=", ">", ">=") and tokens[at - 1].text not in ("template", "operator"):
            left, right = operand(file, at - 1, -1), operand(file, at + 1, 1)
            if left is None or right is None:
                continue
            begin, end = tokens[left].begin, tokens[right].end
            if "co_await" in source[begin:end] or "TRY" in source[begin:end]:
                continue
            name = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}[token.text]
            shifted = token.text[0] if len(token.text) == 2 else token.text + "="
            yield file.made("bound", begin, end, f"`{token.text}` becomes `{shifted}` in `{flat(source[begin:end])}`",
                            [(begin, 0, f"weft_{name}(@, "), (token.begin, 2, token.text), (end, 1, ")")])
        elif token.text in ("+", "-") and tokens[at + 1].text == "1" and tokens[at - 1].kind != "text":
            begin, end = tokens[at + 1].begin, tokens[at + 1].end
            yield file.made("bound", begin, end, f"`{token.text} 1` becomes `{token.text} 0`",
                            [(begin, 0, "(weft_mutant(@) ? 0 : "), (end, 1, ")")])


def is_plain(file, first, last):
    """A statement that declares nothing and leaves nothing: it can change places with the next."""
    words = [file.tokens[at].text for at in range(first, last)]
    if not words or words[0] in NO_CALL:
        return False
    return is_call(file, first, last) or (
        len(words) > 2 and file.tokens[first].kind == "word" and file.tokens[first + 1].text in (".", "->", "=", "[", "++", "+="))


def reordered(file):
    for brace in code_blocks(file):
        before = None
        for statement in file.statements(brace):
            if statement is None or not is_plain(file, *statement):
                before = None
                continue
            if before is not None:
                begin, middle = file.tokens[before[0]].begin, file.tokens[before[1]].end
                next_begin, end = file.tokens[statement[0]].begin, file.tokens[statement[1]].end
                one, two = flat(file.source[begin:middle]), flat(file.source[next_begin:end])
                if "co_await" in one + two:
                    yield file.made("reorder", begin, end, f"`{two}` before `{one}`",
                                    [(begin, 0, f"if (weft_mutant(@)) {{ {two} {one} }} else {{ "), (end, 1, " }")])
            before = statement


def places(name, source):
    """Every mutant of a file, each with a key that outlives changes elsewhere in the file."""
    file = File(name, source)
    out, seen = [], {}
    for rule in (conditions, dropped, bounds, reordered):
        for mutant in rule(file):
            identity = f"{name}\n{mutant.rule}\n{mutant.text}\n{mutant.change}"
            seen[identity] = seen.get(identity, 0) + 1
            mutant.key = hashlib.sha256(f"{identity}\n{seen[identity]}".encode()).hexdigest()[:16]
            mutant.number = int(mutant.key[:7], 16) + 1
            out.append(mutant)
    return out


def written(source, mutants):
    """The source with the switches of these mutants, none of which overlap."""
    inserts = []
    for mutant in mutants:
        for offset, order, text in mutant.inserts:
            inserts.append((offset, order, text.replace("@", str(mutant.number))))
    for offset, order, text in sorted(inserts, reverse=True):
        if order == 2:  # a comparison's sign becomes a comma
            source = source[:offset] + "," + source[offset + len(text):]
        else:
            source = source[:offset] + text + source[offset:]
    return '#include "mutant.h"\n#line 1\n' + source
