"""The prompt registry, with flat names and with full ones: versions, aliases, tags, searches, deletions."""

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()

def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        return error
    raise AssertionError(f"{call} was not refused")


for name in ("greeting", "prod.fraud.greeting"):
    first = mlflow.genai.register_prompt(
        name, "Hello {{name}}!", commit_message="first words", tags={"author": "dana"}
    )
    assert (first.name, first.version, first.template) == (name, 1, "Hello {{name}}!")
    assert (first.commit_message, first.tags) == ("first words", {"author": "dana"})
    second = mlflow.genai.register_prompt(
        name, [{"role": "system", "content": "You are {{style}}."}, {"role": "user", "content": "{{question}}"}]
    )
    assert second.version == 2 and second.variables == {"style", "question"}

    # Loaded by number, by alias, and as the newest.
    mlflow.genai.set_prompt_alias(name, "production", 1)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production").format(name="Ada") == "Hello Ada!"
    mlflow.genai.set_prompt_alias(name, "production", 2)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}@production", cache_ttl_seconds=0)
    assert loaded.version == 2 and loaded.aliases == ["production"]
    assert loaded.format(style="kind", question="Why?")[1] == {"role": "user", "content": "Why?"}
    assert mlflow.genai.load_prompt(name, version=1).template == "Hello {{name}}!"
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest", cache_ttl_seconds=0).version == 2
    mlflow.genai.delete_prompt_alias(name, "production")
    refused(mlflow.genai.load_prompt, f"prompts:/{name}@production", cache_ttl_seconds=0)
    assert mlflow.genai.load_prompt(f"prompts:/{name}/9", allow_missing=True) is None

    # Tags of the prompt, and of a version.
    mlflow.genai.set_prompt_tag(name, "team", "fraud")
    mlflow.genai.set_prompt_tag(name, "gone", "x")
    mlflow.genai.delete_prompt_tag(name, "gone")
    tags = mlflow.genai.get_prompt_tags(name)
    assert tags["team"] == "fraud" and "gone" not in tags
    mlflow.genai.set_prompt_version_tag(name, 1, "quality", "good")
    assert mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).tags["quality"] == "good"
    mlflow.genai.delete_prompt_version_tag(name, 1, "quality")
    assert "quality" not in mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).tags

# A search of prompts finds prompts, and the searches of models and versions do not.
model = "prod.fraud.greeting-model"
client.create_registered_model(model)
client.create_model_version(model, "s3://bucket/model")
found = {prompt.name for prompt in mlflow.genai.search_prompts("name LIKE 'prod.fraud.greeting%'")}
assert found == {"prod.fraud.greeting"}, found
assert "greeting" in {prompt.name for prompt in mlflow.genai.search_prompts()}
by_tag = {prompt.name for prompt in mlflow.genai.search_prompts("tags.team = 'fraud'")}
assert {"greeting", "prod.fraud.greeting"} <= by_tag and model not in by_tag
like = "name LIKE 'prod.fraud.greeting%'"
assert [each.name for each in mlflow.search_registered_models(filter_string=like)] == [model]
assert [each.name for each in client.search_registered_models(like)] == [model]
assert {each.name for each in client.search_model_versions(like)} == {model}
versions = client.search_prompt_versions("prod.fraud.greeting")
assert sorted(version.version for version in versions) == [1, 2]

# A prompt and a model cannot have one name.
assert "not allow" in refused(mlflow.genai.register_prompt, model, "x").message
as_model = refused(client.create_registered_model, "prod.fraud.greeting")
assert as_model.error_code == "RESOURCE_ALREADY_EXISTS"
assert "already taken by a prompt" in as_model.message, as_model.message
twice = refused(client.create_prompt, "greeting")
assert twice.message.endswith("Prompt (name=greeting) already exists."), twice.message
as_prompt = refused(client.create_prompt, model)
assert "Tried to create a prompt" in as_prompt.message, as_prompt.message

# The calls for models do not take a prompt.
refused(client.set_registered_model_alias, "prod.fraud.greeting", "champion", 1)

# A version goes; its number is not given again.
client.delete_prompt_version("prod.fraud.greeting", "2")
assert mlflow.genai.load_prompt("prompts:/prod.fraud.greeting/2", allow_missing=True, cache_ttl_seconds=0) is None
third = mlflow.genai.register_prompt("prod.fraud.greeting", "Good day, {{name}}.")
assert third.version == 3
