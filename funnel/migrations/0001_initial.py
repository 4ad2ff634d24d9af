import datetime

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('core', '0001_initial'),
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='Segment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Region',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Agreement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField(unique=True)),
                        ('counting_version', models.PositiveIntegerField()),
                        ('state', models.CharField(choices=[('draft', 'Draft'), ('proposed', 'Proposed'), ('in_force', 'In force'), ('superseded', 'Superseded')], default='draft', max_length=10)),
                        ('from_day', models.DateField(blank=True, help_text='first company day on which it holds', null=True)),
                        ('note', models.TextField(blank=True)),
                        ('proposed_at', models.DateTimeField(blank=True, help_text='since when both teams are asked', null=True)),
                        ('proposed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('trial_until', models.DateField(blank=True, help_text="last day of a version that the funnel owner put in force without one side's yes", null=True)),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['in_force', 'superseded'])), fields=('from_day',), name='funnel_one_agreement_a_day')],
                    },
                ),
                migrations.CreateModel(
                    name='Signature',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='funnel.agreement')),
                        ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('joint', 'Both teams')], max_length=9)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('signed_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'side'), name='funnel_one_signature_a_side'), models.CheckConstraint(condition=models.Q(('side__in', ['marketing', 'sales'])), name='funnel_sides_that_sign')],
                    },
                ),
                migrations.CreateModel(
                    name='Stage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.SlugField(max_length=40, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='StageInVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='funnel.agreement')),
                        ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='funnel.stage')),
                        ('name', models.CharField(max_length=60)),
                        ('rank', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('position', models.PositiveSmallIntegerField(help_text='order on screens')),
                        ('kind', models.CharField(choices=[('path', 'On the way'), ('detour', 'Detour (not now)'), ('won', 'Won'), ('lost', 'Lost'), ('out', 'Out')], max_length=6)),
                        ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('joint', 'Both teams')], help_text='the team that answers for it', max_length=9)),
                        ('milestone', models.CharField(blank=True, choices=[('start', 'Start'), ('mql', 'MQL'), ('sal', 'SAL'), ('sql', 'SQL'), ('opportunity', 'Opportunity'), ('won', 'Won')], max_length=11, null=True)),
                        ('definition', models.TextField(blank=True)),
                        ('target_days', models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True)),
                        ('retired', models.BooleanField(default=False, help_text='takes no new leads; history stays')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'stage'), name='funnel_stage_once_a_version'), models.UniqueConstraint(fields=('agreement', 'rank'), name='funnel_rank_once_a_version'), models.UniqueConstraint(fields=('agreement', 'milestone'), name='funnel_milestone_once_a_version'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['path', 'won']), ('rank__isnull', False)), models.Q(('kind__in', ['detour', 'lost', 'out']), ('rank__isnull', True)), _connector='OR'), name='funnel_ranks_only_on_the_path')],
                    },
                ),
                migrations.CreateModel(
                    name='Reason',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reasons', to='funnel.agreement')),
                        ('use', models.CharField(choices=[('return', 'Back to an earlier stage'), ('recycle', 'Recycled'), ('disqualify', 'Disqualified'), ('lost', 'Lost')], max_length=10)),
                        ('key', models.SlugField(max_length=40)),
                        ('label', models.CharField(max_length=80)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'use', 'key'), name='funnel_reason_once_a_version')],
                    },
                ),
                migrations.CreateModel(
                    name='Target',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='funnel.agreement')),
                        ('metric', models.CharField(max_length=40)),
                        ('month', models.DateField(help_text='first day of the month')),
                        ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='funnel.segment')),
                        ('stage', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='funnel.stage')),
                        ('value', models.BigIntegerField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(models.F('agreement'), models.F('metric'), models.F('month'), django.db.models.functions.comparison.Coalesce('segment', 0), django.db.models.functions.comparison.Coalesce('stage', 0), name='funnel_target_once')],
                    },
                ),
                migrations.CreateModel(
                    name='SegmentMargin',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='margins', to='funnel.agreement')),
                        ('segment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='funnel.segment')),
                        ('from_day', models.DateField()),
                        ('basis_points', models.PositiveSmallIntegerField(help_text='gross profit per 10,000 of amount')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(models.F('agreement'), django.db.models.functions.comparison.Coalesce('segment', 0), models.F('from_day'), name='funnel_margin_once_a_day'), models.CheckConstraint(condition=models.Q(('basis_points__lte', 10000)), name='funnel_margin_at_most_all')],
                    },
                ),
                migrations.CreateModel(
                    name='StageTransition',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forbidden_moves', to='funnel.agreement')),
                        ('from_stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funnel.stage')),
                        ('to_stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funnel.stage')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'from_stage', 'to_stage'), name='funnel_forbidden_move_once')],
                    },
                ),
                migrations.CreateModel(
                    name='GlossaryTerm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='words', to='funnel.agreement')),
                        ('key', models.SlugField(max_length=40)),
                        ('word', models.CharField(max_length=60)),
                        ('marketing_meaning', models.TextField(blank=True)),
                        ('sales_meaning', models.TextField(blank=True)),
                        ('agreed_meaning', models.TextField(blank=True)),
                        ('not_words', models.CharField(blank=True, help_text='words that are not used for it', max_length=200)),
                        ('examples', models.TextField(blank=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'key'), name='funnel_word_once_a_version')],
                    },
                ),
                migrations.CreateModel(
                    name='WorkingCalendar',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calendars', to='accounts.team')),
                        ('from_day', models.DateField()),
                        ('tz', models.CharField(help_text='IANA name', max_length=64)),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('team', 0), models.F('from_day'), name='funnel_calendar_once_a_day')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarWindow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='windows', to='funnel.workingcalendar')),
                        ('weekday', models.PositiveSmallIntegerField()),
                        ('opens', models.TimeField()),
                        ('closes', models.TimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('calendar', 'weekday', 'opens'), name='funnel_window_once'), models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='funnel_window_on_a_weekday'), models.CheckConstraint(condition=models.Q(('closes__gt', models.F('opens')), ('closes', datetime.time(0, 0)), _connector='OR'), name='funnel_window_lasts')],
                    },
                ),
                migrations.CreateModel(
                    name='Holiday',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holidays', to='accounts.team')),
                        ('day', models.DateField()),
                        ('name', models.CharField(blank=True, max_length=80)),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('team', 0), models.F('day'), name='funnel_holiday_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Comment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='comments', to='funnel.agreement')),
                        ('section', models.CharField(blank=True, help_text='empty: the version as a whole', max_length=60)),
                        ('about', models.CharField(blank=True, help_text='a line of the section; empty: all of it', max_length=200)),
                        ('answers', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='funnel.comment')),
                        ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('joint', 'Both teams')], help_text="the author's then", max_length=9)),
                        ('text', models.TextField()),
                        ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('written_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['agreement', 'id'], name='funnel_comments_of_version')],
                    },
                ),
                migrations.CreateModel(
                    name='Refusal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='refusals', to='funnel.agreement')),
                        ('side', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('joint', 'Both teams')], max_length=9)),
                        ('kind', models.CharField(choices=[('refused', 'Refused'), ('taken_back', 'Taken back')], max_length=10)),
                        ('reason', models.TextField(blank=True)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['agreement', 'id'], name='funnel_refusals_of_version')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('side__in', ['marketing', 'sales'])), name='funnel_sides_that_refuse'), models.CheckConstraint(condition=models.Q(('kind', 'taken_back'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='funnel_no_refusal_without_reason')],
                    },
                ),
                migrations.CreateModel(
                    name='StageRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entry_rules', to='funnel.agreement')),
                        ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funnel.stage')),
                        ('rule', models.JSONField(help_text='funnel.criteria.write_rule')),
                        ('then', models.CharField(choices=[('ask', 'is checked when somebody moves a lead there'), ('propose', 'is checked, and leads that newly meet it are proposed'), ('move', 'is checked, and leads that newly meet it are moved by Tandem')], default='ask', max_length=7)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'stage'), name='funnel_rule_once_a_stage')],
                    },
                ),
                migrations.CreateModel(
                    name='Promise',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises', to='funnel.agreement')),
                        ('key', models.CharField(choices=[('M1', 'MQL volume'), ('M2', 'MQL value'), ('M3', 'Completeness of context'), ('M4', 'Quality'), ('S1', 'First contact'), ('S2', 'Persistence'), ('S3', 'Decision with reason'), ('S4', 'Feedback')], max_length=2)),
                        ('tier', models.CharField(blank=True, max_length=20)),
                        ('share', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(10000)])),
                        ('seconds', models.PositiveIntegerField(blank=True, null=True)),
                        ('days', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('attempts', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('distinct_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('volume', models.PositiveIntegerField(blank=True, null=True)),
                        ('amount', models.BigIntegerField(blank=True, null=True)),
                        ('cap', models.PositiveIntegerField(blank=True, null=True)),
                        ('floor', models.PositiveSmallIntegerField(default=8000, help_text='below this attainment the promise is broken outright')),
                        ('weight', models.PositiveSmallIntegerField(default=1)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'key', 'tier'), name='funnel_promise_once_a_version'), models.CheckConstraint(condition=models.Q(('floor__lte', 10000)), name='funnel_promise_floor_at_most_all')],
                    },
                ),
                migrations.CreateModel(
                    name='LeadValue',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lead_values', to='funnel.agreement')),
                        ('tier', models.CharField(blank=True, max_length=20)),
                        ('gross_profit', models.BigIntegerField()),
                        ('revenue', models.BigIntegerField(blank=True, null=True)),
                        ('basis', models.CharField(blank=True, max_length=200)),
                        ('computed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'tier'), name='funnel_lead_value_once_a_version')],
                    },
                ),
                migrations.CreateModel(
                    name='RequiredField',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='required_fields', to='funnel.agreement')),
                        ('field', models.CharField(choices=[('name', 'Name'), ('email', 'E-mail address'), ('phone', 'Telephone'), ('company', 'Company'), ('segment', 'Segment'), ('region', 'Region'), ('channel', 'Channel'), ('campaign', 'Campaign'), ('tier', 'Tier'), ('score', 'Score'), ('need', 'Need, in a sentence')], max_length=10)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement', 'field'), name='funnel_required_field_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Terms',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='funnel.agreement')),
                        ('undecided', models.CharField(choices=[('left_out', 'is left out of the quality that marketing promised'), ('accepted', 'counts as accepted')], default='left_out', max_length=8)),
                        ('contest_days', models.PositiveSmallIntegerField(default=5, help_text='working days in which a decision may be contested')),
                        ('routing_seconds', models.PositiveIntegerField(blank=True, default=900, help_text='working time to a person', null=True)),
                        ('pause_returned', models.BooleanField(default=True)),
                        ('pause_meeting', models.BooleanField(default=True)),
                        ('meeting_days', models.PositiveSmallIntegerField(default=10, help_text='working days that a booked meeting may pause')),
                        ('pause_waiver', models.BooleanField(default=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement',), name='funnel_terms_once_a_version')],
                    },
                ),
                migrations.CreateModel(
                    name='PointsTable',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='points_tables', to='funnel.agreement')),
                        ('table', models.JSONField(help_text='funnel.score.write_table')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('agreement',), name='funnel_points_once_a_version')],
                    },
                ),
            ],
        ),
        *protect("funnel_comment", "funnel_refusal"),
    ]
