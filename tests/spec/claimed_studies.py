"""Studies that claims are made of in the tests of claims, as TOML."""

GRID = """
[[blocks]]
name = "grid"
grid = { activation = ["relu", "tanh"], initializer = ["zeros", "he_normal"], hidden = [[8], [8, 8]] }
"""
DIAGNOSED = "[baseline]\ndiagnostics = true\nevaluate_train = true\n"
BLIND = "[baseline]\nval_size = 0\n"
RATES = """
[[blocks]]
grid = { normalization = ["none", "batch"], learning_rate = [0.3, 0.1, 3.0] }
"""
BUDGETS = """
[[blocks]]
name = "small"
arms = { "s1" = { hidden = [10] }, "s2" = { hidden = [9, 9] } }
[[blocks]]
name = "large"
arms = { "l1" = { hidden = [100] }, "l2" = { hidden = [90, 90] } }
"""
RULES = """
[[blocks]]
[blocks.arms]
"SGD" = { optimizer = "sgd" }
"Adam" = { optimizer = "adam" }
"Lion" = { optimizer = "lion" }
"decay" = { optimizer = "adamw", l2 = 5.0 }
[tune]
learning_rate = [0.1, 0.2]
"""
BETTER = "better = { initializer = 'he_normal' }\nthan = { initializer = 'zeros' }\n"


def arm(activation, initializer, hidden):
    """Return the name of an arm of GRID."""
    return f"activation={activation}, hidden={hidden}, initializer={initializer}"
