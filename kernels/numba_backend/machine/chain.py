"""A choice among kernels in compiled code: a chain of branches, of which only those that are taken are compiled."""

from kernels.branches import Family, branches
from kernels.numba_backend.machine.compile import part


def chosen(family: Family, module, code: str = "code", **places: str):
    """Compile a function: code of the choice and all that the family is given, in order → the chosen kernel is called.

    It has a branch a choice, and no `else` that runs another. Where the code or something given is a field of a
    structure, as in ``code="optimizer.rule"`` or ``first="state.first"``, the function takes the structure instead.
    """
    offered = {name: places.get(name, name) for name in (*family.given, *places)}
    made = branches(family, module)
    signature = dict.fromkeys(place.partition(".")[0] for place in (code, *offered.values()))
    lines = [f"def {family.name}({', '.join(signature)}):"]
    for number, (kernel, takes) in made.items():
        word = "if" if len(lines) == 1 else "elif"
        lines.append(f"    {word} {code} == {number}:")
        lines.append(f"        {kernel.__name__}({', '.join(offered[name] for name in takes)})")
    names = {kernel.__name__: kernel for kernel, _ in made.values()} | {"__name__": module.__name__}
    exec(compile("\n".join(lines), f"<{family.name}>", "exec"), names)
    return part(names[family.name])  # the family's name, in the kernels' module, is also that of its machine code
