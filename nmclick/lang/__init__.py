"""The Click language: from source text to a flat configuration of elements and connections.

`source` → `lexer` and `parser` (grammar.lark) → `ast` → `declare` and `chains` (circuits as written) → `expand`
(compounds and variables) → `tunnels` (connections through compounds) → `flat`; `elaborate` runs them all.
`configstring` and `arguments` read configuration strings; `diagnostics` collects what is wrong.
"""
