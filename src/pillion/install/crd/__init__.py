"""CustomResourceDefinitions of the kinds that we read, made from our own typed resources.

`schema` writes a type as an OpenAPI schema, with the sizes and needs of `resources.admission.limits`; `cel` says in CEL
what `resources.admission.rules` says in Python; `definitions` puts both into one definition a kind.
"""
