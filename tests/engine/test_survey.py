import pytest
from pydantic import ValidationError

from processor.engine.entities.survey import SurveyDefinition


@pytest.mark.parametrize("url", ["http://example.org", "example.org", "https://", "https://a b", ""])
def test_a_survey_is_answered_over_https(url: str) -> None:
    SurveyDefinition(id="s", reference="s", url="https://example.org/s")
    with pytest.raises(ValidationError):
        SurveyDefinition(id="s", reference="s", url=url)
