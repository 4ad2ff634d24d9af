"""An import-linter contract of our own: the doors of an app.

The built-in `forbidden` type refuses modules that do not exist yet, so every new tasks.py would have to be
entered by hand, and a forgotten one would be open.
"""

from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    private = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph, verbose):
        broken = sorted(
            (importer, module)
            for module in graph.modules
            if len(parts := module.split(".")) > 1 and parts[1] in self.private
            for importer in graph.find_modules_that_directly_import(module)
            if importer.split(".")[0] not in {parts[0], *self.allowed}
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check):
        for importer, module in check.metadata["broken"]:
            output.print_error(f"{importer} imports {module}, which is private to its app.")
